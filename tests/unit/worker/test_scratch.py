"""The folder in which a worker's passing files lie: found again after a kill, cleared before a claim, and refused without room."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from minjoule.box import BoxFault
from worker.scratch import Scratch


@pytest.fixture(autouse=True)
def a_temporary_folder_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return


def test_what_a_killed_worker_left_is_found_by_the_next_and_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Scratch(tmp_path / "data", 0)
    left = Path(tempfile.mkdtemp(prefix="minjoule-box-"))
    assert left.parent == first.folder
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "data").mkdir()
    again = Scratch(tmp_path / "data", 0)
    again.clear()
    assert not left.exists()
    assert again.folder.stat().st_mode & 0o777 == 0o700


def test_two_workers_do_not_clear_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Scratch(tmp_path / "one", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert one.folder != Scratch(tmp_path / "two", 0).folder


def test_without_room_nothing_is_claimed_and_the_message_says_how_much_is_wanted(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path, 1 << 62)
    with pytest.raises(BoxFault, match=f"a run needs {1 << 62}"):
        scratch.clear()


def test_a_link_in_its_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Scratch(tmp_path, 0).folder
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(BoxFault, match="remove it"):
        Scratch(tmp_path, 0)
