"""The real box: one container per phase, made by a Docker engine. See ``minjoule.box.Box`` for the contract.

It knows nothing of runs, meters or verdicts. Whatever goes wrong with the engine is a BoxFault.
"""

import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import docker
import requests
from docker.errors import APIError, DockerException, NotFound

from minjoule.box import BoxEnd, BoxFault, BoxSpec, BoxStuck
from minjoule.protocol import Channel, DeadlineError, Kind, ProtocolError
from sandbox import cgroups, lifetime, limits
from sandbox.adapter import refuse_other
from sandbox.engine_watch import EngineWatch
from sandbox.gate_folder import GateFolder
from sandbox.kinds import KINDS
from sandbox.log_stream import LogStream

IMAGES = {name: kind.tag for name, kind in KINDS.items()}
DEADLINE = f"{limits.LABEL}.deadline"
GATE_S = 30.0
KILL_S = 20.0
SETTLE_S = 10.0
LAST_WORDS_S = 0.5  # the log comes some 30 ms after the box has gone
POLL_S = 0.001
PLAIN = limits.Machine()
ENGINE_ERRORS = (DockerException, requests.RequestException)
log = logging.getLogger(__name__)


class DockerBoxes:
    """Makes Docker boxes. ``images`` maps a track's image name to one of the engine's.

    ``adapter`` is what browsers must compute on; None where nobody promised anything. With a ``watch``, a box whose engine
    went away meanwhile is our fault, whatever the engine says of its end.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        base_folder: Path,
        machine: limits.Machine = PLAIN,
        images: Mapping[str, str] = IMAGES,
        adapter: Mapping[str, Any] | None = None,
        watch: EngineWatch | None = None,
    ) -> None:
        self._client = client
        self._watch = watch
        self._adapter = adapter
        self._base_folder = base_folder
        self._machine = machine
        self._images = images
        try:
            facts = client.info()
        except ENGINE_ERRORS as error:
            raise BoxFault(f"no Docker engine answers: {error}; start it, or let this user reach its socket") from error
        self._group_class = cgroups.group_class(str(facts.get("CgroupVersion", "1")), facts["CgroupDriver"])

    def __call__(self, spec: BoxSpec) -> "DockerBox":
        """See BoxFactory. Raises BoxFault where no image goes by the track's name."""
        if spec.image not in self._images:
            raise BoxFault(f"the track wants the image {spec.image!r}; this host knows {', '.join(sorted(self._images))}")
        token = secrets.token_hex(6)
        group = self._group_class(f"{cgroups.FAMILY}/{host_of(spec)}/{token}")
        folder = GateFolder(self._base_folder / token)
        name = f"minjoule-{re.sub(r'[^A-Za-z0-9_.-]', '-', spec.name)[:60]}-{token}"
        return DockerBox(spec, self._client.api, self._images[spec.image], name, group, folder, self._machine, self._adapter, self._watch)


class DockerBox:
    """One container, used once. Made by ``DockerBoxes``."""

    unsandboxed = False
    left_work = False

    def __init__(
        self,
        spec: BoxSpec,
        api: docker.APIClient,
        image: str,
        name: str,
        group: cgroups.BoxGroup,
        folder: GateFolder,
        machine: limits.Machine,
        promised: Mapping[str, Any] | None = None,
        watch: EngineWatch | None = None,
    ) -> None:
        self._spec, self._api, self._image, self._name = spec, api, image, name
        self._group, self._folder, self._machine = group, folder, machine
        self._container: str | None = None
        self._stream: LogStream | None = None
        self._channel: Channel | None = None
        self._end: BoxEnd | None = None
        self._ready = False
        self._promised = promised
        self._watch, self._breaks = watch, 0
        self.adapter: dict[str, Any] = {}  # what a browser's box computes on
        self.token = folder.token

    def start(self) -> Channel:
        """Up to where a bundle is wanted: the harness runs, the prelude is imported. Idempotent. Raises BoxFault."""
        if self._channel is not None:
            return self._channel
        deadline = time.monotonic() + GATE_S
        self.launch(limits.harness_command(self._spec))
        with self._explained("start"):
            self._channel = Channel(self._folder.accept(deadline, self._has_ended))
            waiting = json.loads(self._channel.expect(Kind.WAITING, 1 << 16, deadline))
        self.adapter = waiting.get("adapter", {})
        if self.adapter and self._promised is not None:
            refuse_other(self.adapter, self._promised)
        if not self.cpu_ns():
            raise BoxFault("the engine didn't place the box in our control group: its CPU time would be billed as nothing")
        return self._channel

    def take(self, spec: BoxSpec) -> Self:
        """What a started box is for; ``spec`` may differ from its own in name, phase, bundle, entrypoint and labels."""
        self._spec = spec
        return self

    def waits(self) -> bool:
        """Whether it's started and still there."""
        return self._channel is not None and not self._has_ended() and not self._engine_left()

    def prepare(self) -> Channel:
        """See Box."""
        channel, deadline = self.start(), time.monotonic() + GATE_S
        if not self._ready:
            self._folder.fill(self._spec.bundle)
            with self._explained("reach its gate"):
                channel.send_json(Kind.TAKE, {"entrypoint": self._spec.entrypoint, "phase": self._spec.phase}, deadline)
                channel.expect(Kind.READY, 1 << 16, deadline)
            self._ready = True
            log.info("box_taken name=%s for=%s", self._name, self._spec.name)
        return channel

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """What the harness failed to do is our fault, told with its log."""
        try:
            yield
        except (BoxFault, DeadlineError, ProtocolError) as error:
            if self._stream is not None:
                self._stream.wait(LAST_WORDS_S)
            said = self.log_so_far()[-2000:].decode(errors="replace").strip()
            raise BoxFault(f"the harness didn't {what} within {GATE_S:.0f} s ({error}); its log: {said or 'empty'}") from error

    def launch(self, command: list[str]) -> None:
        """Start the container on ``command`` with every containment; three calls of the engine. Raises BoxFault."""
        self._folder.create()
        self._group.create()
        self._breaks = self._watch.breaks if self._watch is not None else 0
        try:
            self._container = self._create(command)
            attached = self._api.attach_socket(self._container, params={"stdout": 1, "stderr": 1, "stream": 1})
            self._stream = LogStream(attached.fileno(), self._spec.limits.log_bytes)
            attached._sock.close()  # the client would leave it to the garbage collector
            attached.close()
            self._api.start(self._container)
        except NotFound as error:
            raise BoxFault(
                f"the engine has no image {self._image}: build it with python -m sandbox.images build {self._spec.image}"
            ) from error
        except ENGINE_ERRORS as error:
            raise BoxFault(f"the engine didn't start the box: {error}") from error

    def _create(self, command: list[str]) -> str:
        spec = self._spec
        settings = limits.host_config(spec, self._folder.mounted.absolute(), self._group.engine_name, self._machine)
        made: dict[str, Any] = self._api.create_container(
            self._image,
            command=command[1:],
            entrypoint=command[:1],
            user=limits.NOBODY,
            working_dir="/tmp",  # noqa: S108 - the box's own
            environment=limits.environment(spec.limits.threads),
            labels={DEADLINE: str(round(lifetime.deadline_s(spec.limits)))} | limits.labels(spec),
            host_config=self._api.create_host_config(**settings),
            name=self._name,
        )
        return str(made["Id"])

    def _engine_left(self, *, ended_badly: bool = False) -> bool:
        if self._watch is None:
            return False
        return self._watch.breaks != self._breaks or (ended_badly and not self._watch.answers_anew())

    def _has_ended(self) -> bool:
        return self._stream is None or self._stream.ended

    @property
    def group_folder(self) -> Path | None:
        """The box's group in the unified hierarchy, for whoever counts events there; None where there is none."""
        return self._group.unified if self._group.unified.is_dir() else None

    def cpu_ns(self) -> int:
        """See Box."""
        return self._end.cpu_ns if self._end is not None else self._group.cpu_ns()

    def log_so_far(self) -> bytes:
        """See Box."""
        return self._stream.kept() if self._stream is not None else b""

    def wait_empty(self, grace_s: float, on_empty: Callable[[], None] | None = None) -> BoxEnd:
        """See Box. Bounded: an engine that can't kill, or a process that won't die, is a BoxFault.

        ``on_empty`` is called the moment no process is left: the window's true end. The engine's account of the exit code
        and the last of the log come some 30 ms later, and a machine that idles meanwhile is nobody's bill.
        """
        if self._end is not None:
            return self._end
        if self._stream is None or self._container is None:
            raise BoxFault("the box isn't started")
        killed = not self._empties(grace_s) and self._kill(self._container)
        if not self._empties(KILL_S):
            raise BoxStuck(f"the box wasn't empty {KILL_S:.0f} s after SIGKILL: this host needs a look")
        if on_empty is not None:
            on_empty()
        cpu_ns, oom_kills = self._group.cpu_ns(), self._group.oom_kills()
        self._stream.wait(SETTLE_S)
        state = self._final_state(self._container)
        code = None if killed else int(state["ExitCode"])
        if self._engine_left(ended_badly=bool(code)):
            raise BoxFault("the engine went away while the box was there: how it ended says nothing about the entry")
        oom_killed = bool(state["OOMKilled"]) or oom_kills > 0
        self._end = BoxEnd(code, oom_killed, killed, self._stream.kept(), self._stream.truncated, cpu_ns)
        return self._end

    def _empties(self, within_s: float) -> bool:
        deadline = time.monotonic() + within_s
        while not self._group.empty():
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_S)
        return True

    def _kill(self, container: str) -> bool:
        """SIGKILL to the box's init, and so to all in it. Whether it was us: the engine says 409 if it had ended before."""
        answers: list[bool | Exception] = []

        def ask() -> None:
            try:
                self._api.kill(container)
                answers.append(True)
            except APIError as error:
                answers.append(False if error.status_code in (404, 409) else error)
            except ENGINE_ERRORS as error:
                answers.append(error)

        asking = threading.Thread(target=ask, name="box-kill", daemon=True)
        asking.start()
        asking.join(KILL_S)
        if not answers:
            raise BoxStuck(f"the engine didn't kill the box: no answer in {KILL_S:.0f} s")
        answer = answers[0]
        if isinstance(answer, Exception):
            raise BoxFault(f"the engine didn't kill the box: {answer}") from answer
        return answer

    def _final_state(self, container: str) -> dict[str, Any]:
        """The engine's account of the end, which lags behind the empty group by some 20 ms."""
        deadline = time.monotonic() + SETTLE_S
        while True:
            try:
                state: dict[str, Any] = self._api.inspect_container(container)["State"]
            except ENGINE_ERRORS as error:
                raise BoxFault(f"the engine can't say how the box ended: {error}") from error
            if not state["Running"]:
                return state
            if time.monotonic() >= deadline:
                raise BoxFault(f"the box is empty, but the engine still says that it runs after {SETTLE_S:.0f} s")
            time.sleep(0.005)

    def cleanup(self) -> None:
        """See Box. What can't be removed now is logged, and left to the reaper."""
        if self._channel is not None:
            self._channel.close()
        try:
            if self._container is not None:
                remove_container(self._api, self._container)
            self._group.remove()
        except (BoxFault, *ENGINE_ERRORS) as error:
            log.warning("box_cleanup_incomplete name=%s error=%s", self._name, error)
        if self._stream is not None:
            self._stream.close()
        self._folder.remove()


def host_of(spec: BoxSpec) -> str:
    """The host label that groups and containers of a box stand under."""
    return spec.labels.get("host") or spec.labels.get(f"{limits.LABEL}.host") or "local"


def remove_container(api: docker.APIClient, container: str) -> None:
    """Remove it, running or not; one that's gone or going is fine."""
    try:
        api.remove_container(container, force=True, v=True)
    except APIError as error:
        if error.status_code not in (404, 409):
            raise
