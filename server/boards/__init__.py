"""Boards: entries and their standings."""
