"""Hostile text as it's shown: what a program printed or said of itself, on pages, in terminals, in the database."""

import unicodedata

UNSHOWN = {"Cc", "Cf", "Cs", "Co"}


def shown(text: str) -> str:
    """With a replacement character for half a surrogate pair, NUL, and what commands a terminal or turns a line's direction."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(char if char in "\n\t" or unicodedata.category(char) not in UNSHOWN else "\ufffd" for char in text)
