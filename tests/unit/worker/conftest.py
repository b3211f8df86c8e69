"""A bench points its process's temporary files at its own scratch folder: no further than its test."""

import tempfile

import pytest

from worker import judge


@pytest.fixture(autouse=True)
def own_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fault; whoever tests them sets their own."""
    monkeypatch.setattr(judge, "PAUSE_S", 0.02)
