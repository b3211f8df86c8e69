"""The containment of an entrant's code on a judging host. It knows nothing of runs, servers or queues."""
