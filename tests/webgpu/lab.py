"""A browser with WebGPU on a software adapter, and our modules served to it from loopback: for tests and benchmarks."""

import base64
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from playwright.sync_api import sync_playwright

from minjoule.contract import SupervisedSet

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "starter_kit" / "minjoule" / "webgpu"
EXAMPLES = ROOT / "starter_kit" / "examples"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--enable-unsafe-webgpu",
    "--enable-features=Vulkan",
    "--use-webgpu-adapter=swiftshader",
    "--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGE = b"<!doctype html><title>lab</title>"


class Handler(SimpleHTTPRequestHandler):
    """The modules' folder at /modules, this folder's JavaScript at /lab, an empty page at /."""

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def translate_path(self, path: str) -> str:
        place = path.split("?")[0]
        folder = MODULES if place.startswith("/modules/") else Path(__file__).parent
        return str(folder / place.split("/", 2)[-1])

    def do_GET(self) -> None:
        if self.path == "/":
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)
            return
        super().do_GET()


Handler.extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript", ".json": "application/json"}


class Lab:
    """A context: inside it the browser is up and ``call`` runs a function of lab.js in its page."""

    def __enter__(self) -> Self:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler))
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        self.page = self.browser.new_page()
        self.page.set_default_timeout(120_000)
        self.page.goto(f"http://127.0.0.1:{self.server.server_port}/")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.browser.close()
        self.playwright.stop()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def call(self, name: str, **arguments: Any) -> Any:
        """What ``name`` of lab.js makes of the arguments; an error in the page is a RuntimeError with its message."""
        answer = self.page.evaluate(
            "async ([name, given]) => { const lab = await import('/lab/lab.js');"
            " try { return {made: await lab[name](given)} } catch (error) { return {error: `${error.name}: ${error.message}`} } }",
            [name, arguments],
        )
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["made"]


def files_of(example: str) -> dict[str, str]:
    """An example's schedule and shaders."""
    folder = EXAMPLES / example
    return {path.name: path.read_text() for path in folder.iterdir() if path.suffix in (".json", ".wgsl")}


def packed(array: np.ndarray) -> dict[str, str]:
    """An array as lab.js unpacks it."""
    return {"type": str(array.dtype), "base64": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}


def data_of(training: SupervisedSet) -> dict[str, Any]:
    """A training set as lab.js unpacks it."""
    return {
        "kind": "supervised",
        "inputs": packed(training.inputs),
        "labels": packed(training.labels),
        "features": int(training.inputs.shape[1]),
        "alphabet": int(training.alphabet),
    }


def unpacked(text: str) -> bytes:
    """What lab.js packed."""
    return base64.b64decode(text)


def schedule(**parts: Any) -> str:
    """A schedule's text."""
    return json.dumps({"version": 1, **parts})
