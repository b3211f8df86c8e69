"""Health: is it alive."""
