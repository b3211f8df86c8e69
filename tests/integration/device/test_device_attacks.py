"""The browser row of the attack corpus on a device: the box's verdicts, nothing that goes out, and a device that is fit afterwards."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from minjoule.outcome import Outcome
from sandbox.device.browser import DeviceBrowser
from tests.attacks import corpus
from tests.attacks.grounds import BROWSER
from tests.integration.device.conftest import Seat

UNBOUNDED_HERE = {"fills_its_heap"}  # nobody caps a device's memory from outside: docs/device-host.md says so
CASES = {case.name: case for case in corpus.CASES if case.ground is BROWSER and case.name not in UNBOUNDED_HERE}


def own_address() -> str:
    """This machine's address beyond loopback, where it has one: WebRTC never asks loopback. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(asking.getsockname()[0])


HERE = own_address()
PREDICTS = """
export async function load({ shape }) {
  let streams = 0;
  return { async reset(count) { streams = count; }, async predict() { return new Float32Array(streams * shape.alphabet); } };
}
"""


@pytest.mark.parametrize("name", CASES)
def test_an_attack_has_the_same_verdict_as_in_the_image(seat: Seat, name: str) -> None:
    declared = CASES[name].declared
    result = seat.judge(CASES[name].folder / "bundle")
    log = result.log.decode(errors="replace")
    assert result.outcome == declared["outcome"], f"{result.message}\n{log}"
    assert all(text in result.message for text in declared.get("message_holds", []))
    assert all(text in log for text in declared.get("log_holds", []))
    assert not any(text in log for text in declared.get("log_must_not_hold", []))


@contextmanager
def listening(kind: socket.SocketKind) -> Iterator[tuple[int, list[bytes]]]:
    """A port of this machine, where a request would arrive, and what did."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_INET, kind) as server:
        server.bind((HERE, 0))
        server.settimeout(0.1)
        if kind is socket.SOCK_STREAM:
            server.listen()
        done = threading.Event()

        def hear() -> None:
            while not done.is_set():
                try:
                    heard.append(server.recv(100) if kind is socket.SOCK_DGRAM else repr(server.accept()).encode())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=hear, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        done.set()
        thread.join()


ESCAPES = (Path(__file__).parent / "escapes.js").read_text()


def test_nothing_arrives_where_an_entry_would_go_out(seat: Seat, entry: Callable[[str], Path]) -> None:
    with listening(socket.SOCK_STREAM) as (tcp, requests), listening(socket.SOCK_DGRAM) as (udp, packets):
        result = seat.judge(entry(ESCAPES.replace("$HERE", HERE).replace("$TCP", str(tcp)).replace("$UDP", str(udp)) + PREDICTS))
        time.sleep(0.2)
    assert requests == []
    assert packets == []
    assert result.outcome is Outcome.FINISHED, f"{result.message} {result.log!r}"
    assert b"refused: the relay" in result.log, "the page's own world has no way to the host but the harness's"


def test_a_page_that_goes_elsewhere_has_left_and_reaches_nothing(seat: Seat, entry: Callable[[str], Path]) -> None:
    with listening(socket.SOCK_STREAM) as (tcp, requests):
        leaving = f'export async function train() {{ location.href = "http://{HERE}:{tcp}/"; await new Promise(() => {{}}); }}'
        result = seat.judge(entry(leaving + PREDICTS))
    assert requests == []
    assert result.outcome in (Outcome.TIME_LIMIT, Outcome.RUNTIME_ERROR), result.message


def test_a_log_beyond_its_cap_is_cut_and_flagged(seat: Seat, entry: Callable[[str], Path]) -> None:
    flood = 'export async function train() { for (let n = 0; n < 60; n++) console.log("x".repeat(10000)); return new Uint8Array([1]); }'
    result = seat.judge(entry(flood + PREDICTS))
    assert result.outcome is Outcome.FINISHED, result.message
    assert len(result.log) == seat.caps.train.log_bytes
    assert result.log_truncated


ENDLESS = """
export async function train({ device }) {
  const code = `@group(0) @binding(0) var<storage, read_write> cell: array<u32>;
@compute @workgroup_size(1) fn main() { for (var n = 0u; n < 4000000000u; n++) { if (cell[0] == 77u) { break; } cell[1] = n; } }`;
  const compute = { module: device.createShaderModule({ code }), entryPoint: "main" };
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute });
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
  const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(1);
  pass.end();
  device.queue.submit([encoder.finish()]);
  return new Uint8Array([1]);
}
"""


def test_a_shader_that_goes_on_after_train_is_the_entrys_error_though_the_next_box_is_gone_with_it(
    seat: Seat, entry: Callable[[str], Path]
) -> None:
    result = seat.judge(entry(ENDLESS + PREDICTS))
    assert result.outcome is Outcome.RUNTIME_ERROR, result.message
    assert "left work on the graphics processor" in result.message


def test_our_own_page_is_made_anew_when_somebody_closes_it(browser: DeviceBrowser, seat: Seat, entry: Callable[[str], Path]) -> None:
    honest = entry("export async function train() { return new Uint8Array([1]); }" + PREDICTS)
    for method in ("Target.closeTarget", "Page.crash"):
        watch = browser.watch()
        if method == "Page.crash":
            browser.connection().ask(method, session=watch._session)
        else:
            browser.connection().call(method, {"targetId": watch.target})
        assert seat.judge(honest).outcome is Outcome.FINISHED
        assert browser.watch() is not watch


def test_an_event_beyond_every_measure_is_the_entrys_failure_and_no_fault(seat: Seat, entry: Callable[[str], Path]) -> None:
    huge = 'export async function train() { console.dir("x".repeat(200 * 1024 * 1024)); await new Promise(() => {}); }'
    result = seat.judge(entry(huge + PREDICTS))
    assert result.outcome in (Outcome.RUNTIME_ERROR, Outcome.TIME_LIMIT), result.message


def test_storage_beyond_the_tracks_allowance_is_refused(seat: Seat, entry: Callable[[str], Path]) -> None:
    hoard = """
export async function train({ log }) {
  const kept = await caches.open("kept");
  try {
    for (let n = 0; n < 16; n++) await kept.put(`/${n}`, new Response(new Uint8Array(1 << 20)));
    log("STORED");
  } catch (error) {
    log(`refused: ${error.name}`);
  }
  return new Uint8Array([1]);
}
"""
    seat.caps = replace(seat.caps, train=replace(seat.caps.train, tmp_bytes=4 << 20))
    result = seat.judge(entry(hoard + PREDICTS))
    assert result.log == b"refused: QuotaExceededError\n", result.message


@pytest.mark.parametrize("contexts", [False])
def test_what_was_left_is_not_there_where_a_browser_has_no_contexts(browser: DeviceBrowser, seat: Seat, *, contexts: bool) -> None:
    browser.contexts = contexts  # Chrome on Android has none
    for _ in range(2):
        result = seat.judge(CASES["leaves_things"].folder / "bundle")
        assert result.outcome is Outcome.FINISHED, result.message
        assert b"LEFT OVER" not in result.log
        assert b"REGISTERED" not in result.log
    with listening(socket.SOCK_STREAM) as (tcp, requests):
        del tcp
        refused = seat.judge(CASES["reaches_out"].folder / "bundle")
    assert b"REACHED" not in refused.log
    assert requests == []
