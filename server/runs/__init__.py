"""Runs: the queue, claims, heartbeats, reports."""
