"""What is measured, and against what: `make bench` runs every module here and writes results.json."""
