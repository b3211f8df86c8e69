"""This machine: its credentials, its lock, and what keeps it from judging."""

import gc
import stat
import threading
import time
import warnings
from pathlib import Path

import pytest

from worker.bench import BenchError, make_bench
from worker.host import cpu_model, facts, firmware, host_lock
from worker.logs import drop_tokens
from worker.settings import Credentials, NotEnrolledError, WorkerSettings, load_credentials, store_credentials

CREDENTIALS = Credentials(server="http://s", host_class="c", boundary="modelled-cpu-time", unsandboxed=False, token="mj_host_a1_secret")


def test_credentials_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    settings = WorkerSettings(data_dir=tmp_path / "worker")
    store_credentials(settings, CREDENTIALS)
    assert stat.S_IMODE(settings.credentials_path.stat().st_mode) == 0o600
    assert load_credentials(settings) == CREDENTIALS


def test_enrolling_again_closes_a_file_that_was_open_to_all(tmp_path: Path) -> None:
    settings = WorkerSettings(data_dir=tmp_path)
    settings.credentials_path.write_text("{}")
    settings.credentials_path.chmod(0o644)
    store_credentials(settings, CREDENTIALS)
    assert stat.S_IMODE(settings.credentials_path.stat().st_mode) == 0o600


def test_a_machine_that_is_not_enrolled_is_told_how(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolledError, match="python -m worker enrol"):
        load_credentials(WorkerSettings(data_dir=tmp_path))


def test_a_local_box_never_judges_for_a_sandboxed_class(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="MINJOULE_WORKER_BOX=docker"):
        make_bench(WorkerSettings(data_dir=tmp_path, box="local"), CREDENTIALS)


def test_a_host_without_an_engine_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(BenchError, match="minjoule-admin image build"):
        make_bench(WorkerSettings(data_dir=tmp_path, box="docker"), CREDENTIALS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # docker-py leaves the socket open that found nobody
        gc.collect()


def test_two_workers_on_a_machine_take_turns(tmp_path: Path) -> None:
    inside, most = [], []

    def work() -> None:
        with host_lock(tmp_path / "host.lock"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.05)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]


def test_the_processors_name_is_read_and_a_machine_without_one_still_has_facts(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: A Fine CPU @ 2 GHz\n")
    assert cpu_model(cpuinfo) == "A Fine CPU @ 2 GHz"
    assert cpu_model(tmp_path / "missing")
    assert int(facts()["cores"]) >= 1


def test_no_token_reaches_the_log() -> None:
    event = drop_tokens(None, "info", {"event": "x", "reason": "401 for mj_host_a1_se-cr_et"})
    assert event["reason"] == "401 for [dropped]"


def test_firmware_governor_and_power_limit_stand_on_the_record_where_the_kernel_tells_them(tmp_path: Path) -> None:
    for name, word in {
        "class/dmi/id/bios_version": "2.1\n",
        "devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n",
        "class/powercap/intel-rapl:0/constraint_0_power_limit_uw": "125000000\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(word)
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmicrocode\t: 0xa0011d1\n")
    said = {"bios": "2.1", "governor": "performance", "power_limit_uw": "125000000", "microcode": "0xa0011d1"}
    assert firmware(tmp_path, tmp_path / "cpuinfo") == said
    assert firmware(tmp_path / "nowhere", tmp_path / "nothing") == {}
