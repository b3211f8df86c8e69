"""Organizers: what they see and do."""
