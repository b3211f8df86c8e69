"""The origin that isn't there: which of a page's requests are answered, and with what."""

from pathlib import Path

import pytest

from sandbox.device.origin import Origin, fulfilment, of_ours


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    bundle = tmp_path / "bundle"
    (bundle / "deep").mkdir(parents=True)
    (bundle / "entry.js").write_text("export {};")
    (bundle / "deep" / "a b.wgsl").write_text("// ü")
    (tmp_path / "secret").write_text("outside")
    (bundle / "link").symlink_to(tmp_path / "secret")
    origin = Origin()
    origin.show(bundle)
    return origin


@pytest.mark.parametrize(
    ("path", "status", "content_type", "body"),
    [
        ("/bundle/entry.js", 200, "text/javascript", b"export {};"),
        ("/bundle/entry.js?again", 200, "text/javascript", b"export {};"),
        ("/bundle/deep/a%20b.wgsl", 200, "text/plain", "// ü".encode()),
        ("/bundle/", 404, "text/plain", b""),
        ("/bundle/../secret", 404, "text/plain", b""),
        ("/bundle/%2e%2e/secret", 404, "text/plain", b""),
        ("/bundle/link", 404, "text/plain", b""),
        ("/bundle//etc/passwd", 404, "text/plain", b""),
        ("/bundle/%00", 404, "text/plain", b""),
        ("/bundle/" + "a" * 300, 404, "text/plain", b""),
        ("/elsewhere/x", 404, "text/plain", b""),
        ("/", 404, "text/plain", b""),
    ],
)
def test_a_path_is_a_file_of_the_bundle_or_nothing(origin: Origin, path: str, status: int, content_type: str, body: bytes) -> None:
    answer = origin.answer(origin.address + path, "GET")
    assert answer is not None
    assert (answer.status, answer.content_type, answer.body) == (status, content_type, body)


def test_the_bundle_isnt_there_before_it_may_be_seen() -> None:
    origin = Origin()
    for path in ("/bundle/entry.js", "/texts"):
        answer = origin.answer(origin.address + path, "GET")
        assert answer is not None
        assert b"export" not in answer.body
    page = origin.answer(f"{origin.address}/page/harness.js", "GET")
    assert page is not None
    assert page.status == 200


@pytest.mark.parametrize(
    "url",
    ["https://example.com/", "http://{host}/bundle/entry.js", "https://{host}:444/x", "https://user@{host}/x", "https://[", "data:,x", ""],
)
def test_every_other_place_fails(origin: Origin, url: str) -> None:
    assert origin.answer(url.replace("{host}", origin.address.removeprefix("https://")), "GET") is None


def test_nothing_is_taken_in(origin: Origin) -> None:
    answer = origin.answer(f"{origin.address}/texts", "POST")
    assert answer is not None
    assert answer.status == 405


def test_the_policy_lets_requests_to_the_own_origin_out_and_no_socket(origin: Origin) -> None:
    answer = origin.answer(f"{origin.address}/texts", "GET")
    assert answer is not None
    headers = {each["name"]: each["value"] for each in fulfilment("1", answer, origin.address)["responseHeaders"]}
    rules = headers["Content-Security-Policy"].split("; ")
    assert f"connect-src {origin.address}" in rules
    assert {"default-src 'none'", "worker-src 'none'", "frame-src 'none'", "form-action 'none'"} <= set(rules)


def test_our_origins_are_known_by_their_names() -> None:
    assert of_ours(f"{Origin().address}/page/index.html")
    assert not any(
        of_ours(url)
        for url in (
            "about:blank",
            "https://example.com/minjoule.invalid",
            "https://notminjoule-0123456789abcdef.invalid/",
            "https://x.minjoule-0123456789abcdef.invalid/",
        )
    )
