"""Submissions: bundles at the door, and what became of them."""
