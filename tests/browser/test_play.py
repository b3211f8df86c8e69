"""A published WebGPU entry plays in the visitor's own browser: by real WGSL, with loss and progress, and clearly not a score."""

import re
from collections.abc import Callable, Iterator
from shutil import which
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from minjoule.bundle import read_folder
from server.db.session import Database
from server.play import pages
from server.play.service import EXAMPLES
from tests.browser.conftest import FLAGS, Site, publish
from tests.conftest import Account, lacking

WITH_WEBGPU = ["--enable-unsafe-webgpu", "--enable-features=Vulkan", "--use-webgpu-adapter=swiftshader"]
ENDED = re.compile("^(played|failed)")


@pytest.fixture
def playing() -> Iterator[Browser]:
    path = which("chromium")
    if path is None:
        lacking("chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[flag for flag in FLAGS if flag != "--disable-gpu"] + WITH_WEBGPU)
        yield browser
        browser.close()


@pytest.mark.chromium
def test_an_entry_trains_and_answers_in_the_visitors_browser(playing: Browser, site: Site) -> None:
    page = playing.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(f"{site.url}/tracks/webgpu-digits/play?entry=webgpu-js")
    assert "This is not a score." in page.inner_text("main")
    page.click('[data-act="play"]')
    expect(page.locator('[data-field="log"]')).to_contain_text("loss", timeout=60_000)
    assert page.inner_text('[data-field="state"]') == "training"
    expect(page.locator('[data-field="state"]')).to_have_text(ENDED, timeout=100_000)
    assert page.inner_text('[data-field="state"]') == "played: this is not a score"
    assert float(page.inner_text('[data-field="loss"]')) < 0.5
    assert page.inner_text('[data-field="progress"]') == "100 %"
    assert wrong == []


@pytest.mark.chromium
def test_the_entrys_frame_reaches_nothing_but_its_own_files(playing: Browser, site: Site) -> None:
    page = playing.new_page()
    page.goto(f"{site.url}/tracks/webgpu-digits/play?entry=webgpu-js")
    page.click('[data-act="play"]')
    page.wait_for_selector("iframe", state="attached")
    frame = page.wait_for_selector("iframe", state="attached").content_frame()
    assert frame is not None
    frame.wait_for_load_state()
    reached = frame.evaluate(
        """async (site) => {
          const own = "/tracks/webgpu-digits/play/webgpu-js/files/mlp.wgsl";
          const tries = { own, api: "/api/v1/tracks", me: "/me", out: "http://192.0.2.1/" };
          const said = { origin: self.origin };
          for (const [name, address] of Object.entries(tries))
            said[name] = await fetch(new URL(address, site)).then((answer) => answer.ok, () => false);
          const twice = async (open) => {
            try {
              const line = new (open())({ iceServers: [{ urls: `stun:${new URL(site).host}` }] });
              line.createDataChannel("x");
              await line.setLocalDescription(await line.createOffer());
              return true;
            } catch { return false; }
          };
          said.webrtc = await twice(() => RTCPeerConnection);
          const child = document.createElement("iframe");
          try { child.srcdoc = "<p>"; said.srcdoc = true; } catch { said.srcdoc = false; }
          document.body.append(child);
          said.fresh = await twice(() => child.contentWindow.RTCPeerConnection);
          try { said.parent = parent.document.title; } catch { said.parent = false; }
          try { said.cookie = document.cookie || true; } catch { said.cookie = false; }
          return said;
        }""",
        site.url,
    )
    assert reached == {
        "origin": "null",
        "own": True,
        "api": False,
        "me": False,
        "out": False,
        "webrtc": False,
        "srcdoc": False,
        "fresh": False,
        "parent": False,
        "cookie": False,
    }


@pytest.mark.chromium
def test_the_frames_address_opened_as_a_page_runs_nothing_and_leads_to_the_play_page(
    playing: Browser, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = playing.new_page()
    frame = f"{site.url}/tracks/webgpu-digits/play/webgpu-js/frame"
    page.goto(frame)
    assert page.url == f"{site.url}/tracks/webgpu-digits/play?entry=webgpu-js"
    monkeypatch.setattr(pages, "FRAMED", ("document",))  # as if this browser said nothing
    page.goto(frame)
    assert (page.url, page.evaluate("self.origin")) == (frame, "null")
    assert "[native code]" in page.evaluate("String(console.log)"), "our script would take the console over before it asks for the entry"


@pytest.mark.chromium
def test_a_submission_whose_source_is_public_plays_and_a_schedule_without_any_javascript_of_the_entrants(
    playing: Browser, site: Site, account: Callable[..., Account], submit: Callable[..., Any], database: Database
) -> None:
    digest = submit(account("Grace Hopper"), read_folder(EXAMPLES / "webgpu-parity-walsh"))["id"]
    publish(database, digest)
    page = playing.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(f"{site.url}/submissions/{digest}")
    page.click("text=Play it in your own browser")
    assert "Sent by Grace Hopper, a participant" in page.inner_text("main")
    page.click('[data-act="play"]')
    expect(page.locator('[data-field="state"]')).to_have_text(ENDED, timeout=100_000)
    assert page.inner_text('[data-field="state"]') == "played: this is not a score"
    assert float(page.inner_text('[data-field="loss"]')) < 0.01
    assert page.inner_text('[data-field="progress"]') == "100 %"
    assert "train: 1 of 1 dispatches" in page.inner_text('[data-field="log"]')
    assert wrong == []


@pytest.mark.chromium
def test_a_browser_without_an_adapter_is_told_what_to_do(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    page.goto(f"{site.url}/tracks/webgpu-parity/play?entry=webgpu-parity-walsh")
    page.click('[data-act="play"]')
    expect(page.locator('[data-field="state"]')).to_have_text(ENDED, timeout=30_000)
    assert page.inner_text('[data-field="state"]') == "failed: this browser offers no WebGPU adapter: try a recent Chrome, Edge or Safari"
    assert page.is_enabled('[data-act="play"]')
