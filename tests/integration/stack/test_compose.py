"""The server by Compose, with PostgreSQL, and a worker that joins from outside: an entry reaches the board."""

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import httpx
import pytest
from docker.errors import DockerException

from server.launcher import free_port
from tests.conftest import lacking
from tests.stack import EXAMPLES, ROOT

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]
CLASS = "compose-lab"


@pytest.fixture
def compose() -> Iterator[Callable[..., str]]:
    """Runs docker-compose on a project of its own, with the images built here; all of it is removed afterwards."""
    try:
        docker.from_env(timeout=5).close()
    except DockerException:
        lacking("docker", "install docker.io and start it")
    program = shutil.which("docker-compose")
    if program is None:
        lacking("docker", "install docker-compose, the stack of docker-compose.yml is tested with it")
    subprocess.run(["sh", "scripts/compose-images.sh"], cwd=ROOT, check=True, capture_output=True)
    web, redis = free_port(), free_port()
    environment = os.environ | {
        "COMPOSE_PROJECT_NAME": f"minjoule-test-{secrets.token_hex(3)}",
        "POSTGRES_IMAGE": "minjoule/postgres:local",
        "REDIS_IMAGE": "minjoule/redis:local",
        "POSTGRES_PASSWORD": secrets.token_hex(8),
        "REDIS_PASSWORD": secrets.token_hex(8),
        "MINJOULE_PUBLIC_URL": f"http://127.0.0.1:{web}",
        "WEB_BIND": f"127.0.0.1:{web}",
        "REDIS_BIND": f"127.0.0.1:{redis}",
    }

    def run(*words: str) -> str:
        done = subprocess.run([str(program), *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run.environment = environment  # type: ignore[attr-defined]
    run("up", "-d")
    yield run
    run("down", "--volumes", "--timeout", "2")


def test_an_entry_travels_through_the_compose_stack_to_the_board(compose: Callable[..., str], tmp_path: Path) -> None:
    environment = compose.environment  # type: ignore[attr-defined]
    url = environment["MINJOULE_PUBLIC_URL"]
    wait_for(lambda: httpx.get(f"{url}/health", timeout=2).status_code == 200)
    assert "postgres" in compose("exec", "-T", "web", "sh", "-c", "echo $MINJOULE_DATABASE_URL")
    said = compose("exec", "-T", "web", "minjoule-admin", "host", "code", CLASS, "--boundary", "modelled-cpu-time")
    code = re.search(r"--code (\S+)", said)
    assert code, said
    worker = environment | {
        "MINJOULE_WORKER_DATA_DIR": str(tmp_path / "worker"),
        "MINJOULE_WORKER_REDIS_URL": f"redis://:{environment['REDIS_PASSWORD']}@{environment['REDIS_BIND']}/0",
    }
    enrol = [sys.executable, "-m", "worker", "enrol", "--server", url, "--code", code[1], "--name", "outside"]
    subprocess.run(enrol, env=worker, check=True, capture_output=True)
    with (
        (tmp_path / "worker.log").open("wb") as log,
        subprocess.Popen([sys.executable, "-m", "worker"], env=worker, stdout=log, stderr=log) as host,
    ):
        try:
            submit(url, tmp_path)
            board = httpx.get(f"{url}/api/v1/tracks/parity/boards/{CLASS}", timeout=10)
            wait_for(lambda: [each["rank"] for each in httpx.get(str(board.url), timeout=10).json()["entries"]] == [1])
        finally:
            host.terminate()
            host.wait(30)


def submit(url: str, folder: Path) -> None:
    """Sign up on the page, take a token by the CLI, submit and follow."""
    form = {"name": "Alice", "password": "a long password"}
    assert httpx.post(f"{url}/sign-up", data=form, headers={"sec-fetch-site": "same-origin"}).status_code in (200, 303)
    environment = os.environ | {"XDG_CONFIG_HOME": str(folder)}
    command = [sys.executable, "-c", "from minjoule.cli import main; main()"]
    login = [*command, "login", "--server", url, "--name", "Alice", "--password-stdin"]
    subprocess.run(login, env=environment, input="a long password\n", text=True, check=True, capture_output=True)
    done = subprocess.run(
        [*command, "submit", str(EXAMPLES / "parity-walsh")], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def wait_for(ready: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if ready():
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, f"not ready after {seconds} s"
        time.sleep(0.2)
