"""Every page, on a phone in the dark and on a desk in the light: no overflow, names, contrast, a way by keyboard."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import Site

SCREENS: dict[str, Any] = {
    "phone-dark": {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"},
    "desk-light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
}
SHOTS = os.environ.get("MINJOULE_SCREENSHOTS")
LOOK = (Path(__file__).parent / "look.js").read_text()


def opened(browser: Browser, site: Site, screen: str, **options: Any) -> BrowserContext:
    context = browser.new_context(**SCREENS[screen], **options)
    context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in site.cookies.items()])
    return context


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_holds_up(site: Site, browser: Browser, screen: str) -> None:
    context = opened(browser, site, screen)
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(f"script: {error}"))
    page.on("console", lambda line: said.append(f"console: {line.text}") if "Content Security Policy" in line.text else None)
    for name, path in site.pages.items():
        page.goto(site.url + path, wait_until="load")
        said += [f"{name}: {each}" for each in page.evaluate(LOOK)]
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{screen}.png", full_page=True)
    context.close()
    assert said == []


SPOILED = {
    "contrast": "document.querySelector('h1').style.color = '#222'",
    "px wide": "document.querySelector('h1').style.width = '2000px'",
    "no name": "document.querySelectorAll('label').forEach((node) => node.remove())",
    "no caption": "document.querySelectorAll('caption').forEach((node) => node.remove())",
    "heading jumps": "document.querySelector('h2').outerHTML = '<h4>deep</h4>'",
}


def test_the_look_sees_what_is_wrong(site: Site, browser: Browser) -> None:
    page = opened(browser, site, "phone-dark").new_page()
    for fault, spoil in SPOILED.items():
        page.goto(f"{site.url}/me")
        assert page.evaluate(LOOK) == []
        page.evaluate(spoil)
        assert any(fault in each for each in page.evaluate(LOOK)), fault


def test_every_page_can_be_walked_by_keyboard(site: Site, browser: Browser) -> None:
    context = opened(browser, site, "desk-light")
    page = context.new_page()
    for name, path in site.pages.items():
        page.goto(site.url + path, wait_until="load")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip", name
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", f"{name}: the focus isn't to be seen"
    context.close()


def test_skip_link_leads_past_the_menu(site: Site, browser: Browser) -> None:
    page = opened(browser, site, "desk-light").new_page()
    page.goto(f"{site.url}/submit")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_every_page_reads_the_same_without_javascript(site: Site, browser: Browser) -> None:
    plain, full = (opened(browser, site, "desk-light", java_script_enabled=on).new_page() for on in (False, True))
    for name, path in site.pages.items():
        without, with_scripts = read(plain, site.url + path), read(full, site.url + path)
        if name in ("play", "play-submission"):  # what runs a visitor's GPU is a script; the page says so, and shows the rest
            assert "Playing needs JavaScript and WebGPU" in without
        elif without != with_scripts:  # a host may have fallen silent between the two
            assert with_scripts == read(plain, site.url + path), name


def read(page: Page, address: str) -> str:
    page.goto(address, wait_until="load")
    return page.inner_text("main")
