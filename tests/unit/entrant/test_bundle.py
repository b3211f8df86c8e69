"""Bundles: hostile zips are refused, honest ones keep their digest."""

import io
import stat
import struct
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minjoule.bundle import MAX_FILE_BYTES, MAX_FILES, Bundle, BundleError, check, read_folder, read_zip

MANIFEST = b'name = "n"\ntrack = "parity"\nentrypoint = "entry.py"\nlicense = "MIT"\ndescription = "d"\n'
GOOD = {"entry.toml": MANIFEST, "entry.py": b"x = 1\n"}


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # a duplicate name is what is tested
        for name, content in (*GOOD.items(), *entries):
            archive.writestr(name, content)
    return out.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


ATTACKS = {
    "upwards": (zipped(("../evil.py", b"x")), "isn't allowed"),
    "absolute": (zipped(("/etc/passwd", b"x")), "isn't allowed"),
    "backslash": (zipped(("a\\b.py", b"x")), "isn't allowed"),
    "drive": (zipped(("c:evil.py", b"x")), "isn't allowed"),
    "not normal": (zipped(("a//b.py", b"x")), "isn't allowed"),
    "twice": (zipped(("entry.py", b"y")), "twice"),
    "case clash": (zipped(("Entry.py", b"y")), "differ only in case"),
    "symlink": (zipped((link("link.py"), b"/etc/passwd")), "link or a special file"),
    "bomb that says so": (zipped(("bomb.py", b" " * (MAX_FILE_BYTES + 1))), "declares 1048577 bytes"),
    "nested zip": (zipped(("inner.py", zipped())), "inner.py, line"),
    "too many": (zipped(*((f"f{i}.py", b"x") for i in range(MAX_FILES))), "at most 64"),
    "too much": (zipped(*((f"f{i}.py", b"x" * MAX_FILE_BYTES) for i in range(3))), "limits: 1048576 a file, 2097152 in all"),
    "cut off": (zipped()[:-30], "no readable zip"),
}


@pytest.mark.parametrize(("data", "said"), ATTACKS.values(), ids=ATTACKS.keys())
def test_a_hostile_zip_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(BundleError, match=said):
        read_zip(data)


def test_a_bomb_that_lies_about_its_size_is_cut_at_the_cap() -> None:
    data = bytearray(zipped(("bomb.py", b" " * (3 * MAX_FILE_BYTES))))
    true, small = struct.pack("<I", 3 * MAX_FILE_BYTES), struct.pack("<I", 10)
    assert data.count(true) == 2
    with pytest.raises(BundleError):
        read_zip(bytes(data.replace(true, small)))


def test_one_top_folder_is_taken_off() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in GOOD.items():
            archive.writestr(f"my-entry/{name}", content)
    assert read_zip(out.getvalue()).files == GOOD


NAMES = st.from_regex(r"[a-z]{1,8}\.py", fullmatch=True)


@given(extra=st.dictionaries(NAMES, st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=50), max_size=5))
def test_zip_and_back_keeps_files_and_digest(extra: dict[str, str]) -> None:
    bundle = check(GOOD | {name: text.encode() for name, text in extra.items() if name != "entry.py"})
    again = read_zip(bundle.to_zip())
    assert (again.files, again.digest, again.to_zip()) == (bundle.files, bundle.digest, bundle.to_zip())


def test_the_digest_follows_paths_and_bytes_alone() -> None:
    shuffled = Bundle(dict(reversed(GOOD.items())))
    assert shuffled.digest == Bundle(GOOD).digest
    assert Bundle(GOOD | {"entry.py": b"x = 2\n"}).digest != Bundle(GOOD).digest


def test_a_folders_caches_are_left_out_and_its_links_refused(tmp_path: Path) -> None:
    Bundle(GOOD).write_to(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "entry.pyc").write_bytes(b"\0")
    assert read_folder(tmp_path).files == GOOD
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    with pytest.raises(BundleError, match=r"link\.py is a symbolic link"):
        read_folder(tmp_path)


def test_zip_whose_directory_points_before_its_beginning_is_refused() -> None:
    data = bytearray(Bundle({"entry.toml": b"x = 1\n"}).to_zip())
    entry = data.index(b"PK\x01\x02")
    data[entry + 42 : entry + 46] = struct.pack("<L", 0)
    end = data.index(b"PK\x05\x06")
    data[end + 16 : end + 20] = struct.pack("<L", entry + 256)  # zipfile shifts every offset by the difference: to -256
    with pytest.raises(BundleError, match="no readable zip"):
        read_zip(bytes(data))


@pytest.mark.parametrize("stored", [b"", b"\0", b"\0entry.py"])
def test_zip_entry_without_a_name_is_refused(stored: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("x" * len(stored)), b"content")
    with pytest.raises(BundleError, match="isn't allowed"):
        read_zip(out.getvalue().replace(b"x" * len(stored), stored) if stored else out.getvalue())
