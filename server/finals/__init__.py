"""Finals: a closed season's standings, from fresh runs alone."""
