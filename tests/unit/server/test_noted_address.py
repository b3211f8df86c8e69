"""What `host code` tells a host to enrol with, where nobody set a public address."""

from pathlib import Path

import pytest

from server.address import note_address, public_url
from server.settings import Settings


@pytest.mark.parametrize(("host", "told"), [("127.0.0.1", "http://127.0.0.1:8123"), ("0.0.0.0", "http://127.0.0.1:8123")])
def test_a_host_is_told_where_up_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, told: str) -> None:
    monkeypatch.delenv("MINJOULE_PUBLIC_URL", raising=False)
    settings = Settings(data_dir=tmp_path)
    assert public_url(settings) == "http://127.0.0.1:8000"
    assert note_address(tmp_path, host, 8123) == told
    assert public_url(settings) == told
    assert public_url(Settings(data_dir=tmp_path, public_url="https://b.test")) == "https://b.test"
