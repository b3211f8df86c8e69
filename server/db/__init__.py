"""Storage: the declarative base, sessions and one module of rows a noun."""
