"""A bench points its process's temporary files at its own scratch folder: no further than its test."""

import tempfile

import pytest


@pytest.fixture(autouse=True)
def own_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
