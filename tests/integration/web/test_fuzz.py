"""Nonsense by the thousand: whatever is sent, the answer is a refusal in words, never a crash, and nothing is stored."""

import io
import struct
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minjoule.bundle import MANIFEST
from tests.conftest import bundle_of
from tests.integration.web.conftest import World

GOOD = bundle_of().to_zip()
NAMES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["../x.py", "/etc/passwd", "a\\b", "a/../../b", "C:\\x", "entry.py", "ENTRY.PY", MANIFEST, ".", "\u202eyp.x", "x\0.py"]
    ),
)
LIMITS = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good zip with some bytes changed, cut or doubled."""
    data = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data) - 1))
        data[at] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, len(data)))
    return bytes(data[:cut]) if draw(st.booleans()) else bytes(data)


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """A sound zip of unsound files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA]))) as archive:
        seen = set()
        for name, content in draw(st.lists(st.tuples(NAMES, st.binary(max_size=200)), max_size=6)):
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode())
            info.external_attr = draw(st.integers(0, 0xFFFF)) << 16
            if info.filename not in seen:
                seen.add(info.filename)
                archive.writestr(info, content)
    return out.getvalue()


def refused(world: World, content: bytes) -> None:
    answer = world.request("other", "PUT", "/api/v1/submissions", content=content)
    assert answer.status_code in (200, 201, 413, 422), answer.text
    if answer.status_code >= 400:
        assert answer.json()["error"]["message"]


@LIMITS
@given(content=st.one_of(st.binary(max_size=300), damaged(), archives()))
def test_upload_of_anything_is_taken_or_refused_in_words(world: World, content: bytes) -> None:
    refused(world, content)


@LIMITS
@given(name=NAMES, content=st.binary(max_size=200), manifest=st.binary(max_size=200))
def test_form_with_anything_is_answered_with_the_form(world: World, name: str, content: bytes, manifest: bytes) -> None:
    files = [("files", (MANIFEST, manifest)), ("files", (name.encode("utf-8", "replace").decode() or "x", content))]
    answer = world.request("other", "POST", "/submit", data={"form_token": world.people["other"].form_token}, files=files)
    assert answer.status_code in (303, 413, 422), answer.text
    if answer.status_code == 422:
        assert 'role="alert"' in answer.text


@pytest.mark.parametrize("declared", [0, 1, 0xFFFFFFFF])
def test_zip_that_lies_about_its_size_is_refused(world: World, declared: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, bundle_of().files[MANIFEST])
        archive.writestr("entry.py", b"#" * 8_000_000)
    data = out.getvalue()
    refused(world, data.replace(struct.pack("<L", 8_000_000), struct.pack("<L", declared)))
    assert world.request("other", "PUT", "/api/v1/submissions", content=data).status_code == 422
