"""A contestant with a browser: sign up, submit by the form, watch, and stand on the board."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.stack import EXAMPLES, Stack, start_stack


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    running = start_stack(tmp_path, "local")
    yield running
    running.launcher.stop()


@pytest.mark.parametrize("javascript", [True, False], ids=["live", "without-javascript"])
def test_from_sign_up_to_the_board(stack: Stack, browser: Browser, javascript: bool) -> None:
    context = browser.new_context(java_script_enabled=javascript, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{stack.url}/sign-up")
    page.fill("#name", "Carol")
    page.fill("#password", "a long password")
    page.click("button")
    page.wait_for_url("**/me")
    page.goto(f"{stack.url}/submit")
    page.set_input_files("#files", [EXAMPLES / "digits-qda" / name for name in ("entry.toml", "entry.py")])
    page.click("button")
    page.wait_for_url("**/runs/*")
    page.wait_for_selector("text=finished", timeout=60_000)
    board = f"{stack.url}/tracks/digits"

    def ranked() -> bool:
        page.goto(board)
        return page.locator("tbody tr:not(.unranked)", has_text="QDA").count() == 1

    stack.wait("its rank", ranked)
    assert page.locator(".unsandboxed").count() >= 1, "a figure of the local box says so"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") if javascript else True
    context.close()


def test_a_refused_upload_says_why_in_the_form(stack: Stack, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "entry.toml").write_text("name = 3")
    page = browser.new_page()
    page.goto(f"{stack.url}/sign-up")
    page.fill("#name", "Dave")
    page.fill("#password", "a long password")
    page.click("button")
    page.goto(f"{stack.url}/submit")
    page.set_input_files("#files", [tmp_path / "entry.toml"])
    page.click("button")
    assert "track is missing" in page.inner_text("[role=alert]")
    page.close()
