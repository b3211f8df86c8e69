"""The attack corpus: hostile entries, uploads and messages, each with its declared verdict. ``python -m tests.attacks`` runs it."""
