"""Records: duels, what they confirm, and the runs that check the first."""
