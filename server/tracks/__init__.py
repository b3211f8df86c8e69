"""Tracks: what is asked, by which rules."""
