"""What the Makefile runs beside the programs themselves."""
