"""The entrant's package of minjoule."""
