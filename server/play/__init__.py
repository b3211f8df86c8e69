"""Entries that a visitor plays in their own browser: never a score."""
