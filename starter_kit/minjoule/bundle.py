"""A submission's files: reading them from a folder or a hostile zip, checking them, and naming them by digest.

Everything that could go wrong is a BundleError that says what, the value, the limit, and what to do.
"""

import hashlib
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from minjoule.entrypoints import SCHEDULE
from minjoule.manifest import Manifest, parse_manifest
from minjoule.webgpu.schedule import ScheduleError, check_schedule

MANIFEST = "entry.toml"
MAX_FILES = 64
MAX_FILE_BYTES = 1 << 20
MAX_TOTAL_BYTES = 2 << 20
MAX_ZIP_BYTES = 5 << 19
MAX_PATH_CHARS = 120
IGNORED = {"__pycache__", ".git", ".venv", ".DS_Store", ".mypy_cache", ".ruff_cache"}
UNREADABLE = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError) + (
    ValueError,  # zipfile's word for a negative offset
    IndexError,  # for a cut extra field
    RuntimeError,  # for encrypted entries, and by NotImplementedError for unknown compression
)
EPOCH = (1980, 1, 1, 0, 0, 0)


class BundleError(ValueError):
    """The bundle is inadmissible; nothing of it is kept."""


@dataclass(frozen=True)
class Bundle:
    """Checked files by POSIX path: text only, UTF-8, within the limits, with a manifest whose entrypoint is there."""

    files: dict[str, bytes]

    @cached_property
    def manifest(self) -> Manifest:
        """The parsed ``entry.toml``. Raises ManifestError (never after ``check``)."""
        return parse_manifest(self.files[MANIFEST].decode())

    @cached_property
    def digest(self) -> str:
        """sha256, hex, over the sorted lines ``<sha256 of the file>  <path>``: the submission's public name."""
        lines = [f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in sorted(self.files.items())]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @cached_property
    def xz_bytes(self) -> int:
        """Size of all files, sorted, with their paths, compressed by xz: what the track's source cap holds against."""
        whole = b"".join(path.encode() + b"\n" + content for path, content in sorted(self.files.items()))
        # a dictionary beyond the data only costs time: preset 9 would clear 64 MiB for it
        best = {"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": max(len(whole), 1 << 16)}
        return len(lzma.compress(whole, filters=[best]))

    def to_zip(self) -> bytes:
        """The canonical zip: sorted, deflated, without times; equal files give equal bytes."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in sorted(self.files.items()):
                info = zipfile.ZipInfo(path, EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = (stat.S_IFREG | 0o644) << 16
                archive.writestr(info, content)
        return out.getvalue()

    def write_to(self, folder: Path) -> None:
        """Write every file below ``folder`` (made if missing), readable by all: the box runs as another user."""
        for path, content in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o644)
        for each in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            each.chmod(0o755)


def check(files: dict[str, bytes]) -> Bundle:
    """A Bundle of ``files``. Raises BundleError or ManifestError."""
    if MANIFEST not in files:
        seen = ", ".join(sorted(files)[:5]) or "no file"
        raise BundleError(f"no {MANIFEST} at the top of the bundle (seen: {seen}): `minjoule init` makes one")
    if len(files) > MAX_FILES:
        raise BundleError(f"the bundle has {len(files)} files, at most {MAX_FILES} are allowed: merge or drop some")
    total = sum(len(content) for content in files.values())
    if total > MAX_TOTAL_BYTES:
        raise BundleError(f"the bundle has {total} bytes, at most {MAX_TOTAL_BYTES} are allowed: it's for source only")
    refuse_clashes(files)
    for path, content in files.items():
        check_path(path)
        check_text(path, content)
    bundle = Bundle(dict(sorted(files.items())))
    if bundle.manifest.entrypoint not in files:
        raise BundleError(
            f"{MANIFEST} names the entrypoint {bundle.manifest.entrypoint}, which isn't in the bundle: add it, or mend the name"
        )
    if bundle.manifest.entrypoint == SCHEDULE:
        check_scheduled(files)
    return bundle


def check_scheduled(files: dict[str, bytes]) -> None:
    """An entry by schedule is WGSL and nothing else that could work: its schedule is checked, JavaScript is refused."""
    scripts = [path for path in files if path.endswith((".js", ".mjs"))]
    if scripts:
        raise BundleError(
            f"{scripts[0]} is JavaScript, and {SCHEDULE} is carried out without any: drop it, or make entry.js the entrypoint"
        )
    try:
        check_schedule(files[SCHEDULE].decode(), {path: len(content.decode()) for path, content in files.items()})
    except ScheduleError as error:
        raise BundleError(str(error)) from None


def check_path(path: str) -> None:
    """A relative POSIX path without tricks."""
    parts = PurePosixPath(path).parts
    bad = not path or "\0" in path or "\\" in path or path.startswith("/") or ".." in parts or str(PurePosixPath(path)) != path
    if bad or ":" in path or not path.isprintable():
        raise BundleError(f"path {path[:80]!r} isn't allowed: use relative paths with forward slashes, without .. or control characters")
    if len(path) > MAX_PATH_CHARS:
        raise BundleError(f"path {path[:40]}... has {len(path)} characters, at most {MAX_PATH_CHARS} are allowed")


def check_text(path: str, content: bytes) -> None:
    """UTF-8 text without NUL, within the size. The error names file and line."""
    if len(content) > MAX_FILE_BYTES:
        raise BundleError(f"{path} has {len(content)} bytes, at most {MAX_FILE_BYTES} a file are allowed")
    nul = content.find(b"\0")
    if nul >= 0:
        raise BundleError(f"{path}, line {line_at(content, nul)}: a NUL byte: bundles hold source text only, no binary files")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        where = f"{path}, line {line_at(content, error.start)}"
        raise BundleError(
            f"{where}: byte 0x{content[error.start]:02x} is no UTF-8: save the file as UTF-8 text, drop binary files"
        ) from None


def line_at(content: bytes, position: int) -> int:
    """1-based line of a byte position."""
    return content.count(b"\n", 0, position) + 1


def refuse_clashes(paths: Iterable[str]) -> None:
    """Two paths that a case-blind file system would take for one."""
    seen: dict[str, str] = {}
    for path in paths:
        other = seen.setdefault(path.casefold(), path)
        if other != path:
            raise BundleError(f"paths {other!r} and {path!r} differ only in case: rename one")


def read_folder(folder: Path) -> Bundle:
    """The bundle in a folder; caches and version control are left out. Raises BundleError or ManifestError."""
    if not folder.is_dir():
        raise BundleError(f"{folder} is no folder: name the one that holds {MANIFEST}")
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if IGNORED.intersection(relative.parts) or path.suffix == ".pyc":
            continue
        if path.is_symlink():
            raise BundleError(f"{relative.as_posix()} is a symbolic link: put the file itself into the bundle")
        if not path.is_file():
            continue
        total += path.stat().st_size
        if total > MAX_TOTAL_BYTES or len(files) >= MAX_FILES:
            raise BundleError(
                f"{folder} holds more than {MAX_FILES} files or {MAX_TOTAL_BYTES} bytes (at {relative.as_posix()}): bundles are source only"
            )
        files[relative.as_posix()] = path.read_bytes()
    return check(files)


def read_zip(data: bytes) -> Bundle:
    """The bundle in a zip from a stranger: declared and actual sizes bounded. Raises BundleError or ManifestError.

    A single top folder around everything is taken off.
    """
    if len(data) > MAX_ZIP_BYTES:
        raise BundleError(f"the zip has {len(data)} bytes, at most {MAX_ZIP_BYTES} are allowed")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = unpack(archive)
    except BundleError:
        raise
    except UNREADABLE as error:
        raise BundleError(f"no readable zip ({error}): send a plain zip without encryption") from None
    return check(without_top_folder(files))


def unpack(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Every file of the archive, checked before a byte is unpacked, and unpacked up to the cap."""
    # without a name, is_dir itself would crash (Python 3.11): such an entry is refused below
    entries = [entry for entry in archive.infolist() if not (entry.filename and entry.is_dir())]
    if len(entries) > MAX_FILES:
        raise BundleError(f"the zip has {len(entries)} files, at most {MAX_FILES} are allowed")
    files: dict[str, bytes] = {}
    room = MAX_TOTAL_BYTES
    for entry in entries:
        refuse_entry(entry)
        if entry.filename in files:
            raise BundleError(f"the zip holds {entry.filename!r} twice: each path once")
        with archive.open(entry) as stream:
            content = stream.read(min(MAX_FILE_BYTES, room) + 1)
        if len(content) > min(MAX_FILE_BYTES, room):
            raise BundleError(
                f"{entry.filename} unpacks to more than {min(MAX_FILE_BYTES, room)} bytes "
                f"(limits: {MAX_FILE_BYTES} a file, {MAX_TOTAL_BYTES} in all), whatever the zip declares"
            )
        room -= len(content)
        files[entry.filename] = content
    return files


def refuse_entry(entry: zipfile.ZipInfo) -> None:
    """Links, devices, encrypted entries, bad names (as the archive spells them, before Python mends them) and declared giants."""
    raw = entry.orig_filename
    if raw != entry.filename or "\\" in raw:
        raise BundleError(f"path {raw[:80]!r} isn't allowed: no NUL bytes or backslashes in names")
    check_path(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise BundleError(f"{entry.filename} is a link or a special file: only plain files are allowed")
    if entry.file_size > MAX_FILE_BYTES:
        raise BundleError(f"{entry.filename} declares {entry.file_size} bytes, at most {MAX_FILE_BYTES} a file are allowed")


def without_top_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """``folder/entry.toml`` is as good as ``entry.toml`` if all stands in that folder."""
    tops = {path.partition("/")[0] for path in files}
    if MANIFEST in files or len(tops) != 1 or any("/" not in path for path in files):
        return files
    return {path.partition("/")[2]: content for path, content in files.items()}
