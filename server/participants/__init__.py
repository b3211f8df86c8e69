"""Participants: accounts, sessions and tokens."""
