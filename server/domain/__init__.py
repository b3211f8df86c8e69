"""The rules of the game: values in, values out; no clock, no disk, no database."""
