"""Which device a host judges on: what the file and the command line may say."""

from pathlib import Path

import pytest

from minjoule.box import BoxFault
from worker.bench import BenchError, place_of
from worker.device_config import FILE, DeviceConfig, device_config, load_device, store_device
from worker.settings import Credentials, WorkerSettings


def credentials(boundary: str) -> Credentials:
    return Credentials(server="http://x", host_class="phones", boundary=boundary, unsandboxed=False, token="mj_host_1_x")


def test_what_enrolment_stores_is_what_the_worker_loads(tmp_path: Path) -> None:
    assert load_device(tmp_path) is None
    config = device_config("http://127.0.0.1:9222", "none", "FA6A1")
    store_device(tmp_path / "data", config)
    assert load_device(tmp_path / "data") == config == DeviceConfig(url="http://127.0.0.1:9222", battery="none", adb="FA6A1")


@pytest.mark.parametrize(
    ("url", "battery", "adb", "said"),
    [
        ("127.0.0.1:9222", "watched", "", "--device '127.0.0.1:9222': http://HOST:PORT"),
        ("http://127.0.0.1:abc", "watched", "", "--device 'http://127.0.0.1:abc': http://HOST:PORT"),
        ("http://[::1", "watched", "", "--device"),
        ("ws://127.0.0.1:9222/devtools/browser/x", "watched", "", "--device"),
        ("http://127.0.0.1:9222", "empty", "", "--battery 'empty': watched or none is due"),
        ("http://127.0.0.1:9222", "watched", "a; reboot", "--adb 'a; reboot'"),
    ],
)
def test_a_wrong_word_of_the_command_line_is_refused_with_what_is_due(url: str, battery: str, adb: str, said: str) -> None:
    with pytest.raises(BoxFault, match=said):
        device_config(url, battery, adb)


@pytest.mark.parametrize("text", ["url = 3", "url = ", 'url = "http://x:1"\nbatery = "none"', "battery = 'none'"])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BoxFault, match=r"device\.toml.*docs/device-host\.md"):
        load_device(tmp_path)


def test_a_wall_of_a_device_wants_a_device_and_nothing_else_has_one(tmp_path: Path) -> None:
    settings = WorkerSettings(data_dir=tmp_path)
    with pytest.raises(BenchError, match="this worker has no device: enrol with --device URL"):
        place_of(settings, credentials("device-wall"), "label")
    store_device(tmp_path, device_config("http://127.0.0.1:1", "watched", ""))
    with pytest.raises(BenchError, match=r"boundary node-wall, and this worker has a device: remove .*device\.toml"):
        place_of(settings, credentials("node-wall"), "label")
    with pytest.raises(BenchError, match=r"no device here: .*no browser answers at http://127\.0\.0\.1:1/json/version"):
        place_of(settings, credentials("device-wall"), "label")


def test_a_promise_of_the_workers_own_is_refused_with_where_it_stands_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINJOULE_WORKER_PROMISES_GPU", "1")
    with pytest.raises(BenchError, match="enrol in a class that does"):
        place_of(WorkerSettings(data_dir=tmp_path), credentials("device-wall"), "label")
