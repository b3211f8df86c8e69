"""Hostile text as it's shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minjoule.shown import shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("naïve 数 🎉", "naïve 数 🎉"),
        ("\x1b[2J\x07\r", "�[2J��"),
        ("a\0b\ud800c", "a�b�c"),
        ("\u202eevil\u2066\u200b\ufeff", "�evil���"),
    ],
)
def test_commands_and_what_is_no_text_are_replaced(text: str, seen: str) -> None:
    assert shown(text) == seen


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_it_can_be_sent_and_stored_whatever_it_was(text: str) -> None:
    sent = json.dumps(shown(text), ensure_ascii=False).encode()
    assert "\0" not in shown(text)
    assert json.loads(sent) == shown(text)
    assert len(shown(text)) == len(text)
