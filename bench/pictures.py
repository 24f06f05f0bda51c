"""Pictures of the console for the docs, from a real run: ``python -m bench.pictures``.

Starts the whole program with the rehearsal model, plays calls, and takes a picture of each page in
headless Chromium. Nothing in the pictures is made up; run it again when pages change.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from app.adapters.own_server import Records
from app.cli.free_days import first_free, with_new_callers
from app.local.processes import free_port
from app.local.stack import Stack
from app.rehearsal.callers.variation import vary
from app.rehearsal.retell_caller import scenario
from app.rehearsal.retell_caller.play import Stage, play
from app.settings import Settings
from tests.support.stack import clean_environment

WHERE = Path(__file__).parents[1] / "docs" / "pictures"
#: All pictures together, in bytes.
MOST_BYTES = 1_000_000
WIDTH, HEIGHT = 1100, 720
PLAYED = ("booking", "correction", "reschedule", "cancel", "slot_taken")

#: What is shown: paths; `{call}` is the id of a booked call, `{day}` what was booked.
PAGES = {
    "calls": "/console/calls",
    "call": "/console/calls/{call}",
    "calendar": "/console/calendar?week={day}",
    "figures": "/console/figures",
}


def main() -> int:
    """Take all pictures; 1 where Chromium is missing or they are too large."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("Chromium is needed: apt-get install chromium", file=sys.stderr)
        return 1
    WHERE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="callsmith-pictures-") as directory:
        stack = Stack(clean_environment(), Path(directory), port=free_port())
        try:
            stack.start()
            call_id, day = _play_calls(stack)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
                )
                page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
                for name, path in PAGES.items():
                    _take(page, name, f"{stack.base}{path.format(call=call_id, day=day)}")
                _take(page, "try", f"{stack.base}/console/try", _speak)
                browser.close()
        finally:
            stack.stop()
    size = sum(file.stat().st_size for file in WHERE.glob("*.png"))
    print(f"{size / 1000:.0f} kB in {WHERE}")
    return 0 if size <= MOST_BYTES else 1


def _play_calls(stack: Stack) -> tuple[str, str]:
    """Play the shipped scenarios by other callers each; the id of the last booking's call, and the
    day that was booked."""
    records = Records(stack.base)
    settings = Settings.of_command({"PORT": str(stack.port)})
    for seed, name in enumerate(PLAYED, start=1):
        script = with_new_callers(vary(scenario.load(name), seed))
        later = first_free(script, records, settings)
        play(script, Stage(stack.socket_url, fetch=records.fetch, speed=0.0, later=later))
    script = with_new_callers(scenario.load("booking"))
    later = first_free(script, records, settings)
    outcome = play(script, Stage(stack.socket_url, fetch=records.fetch, speed=4.0, later=later))
    call_id = outcome[-1].call_id
    booked = (records.fetch(call_id) or {})["bookings"][0]
    return call_id, str(booked["start"])[:10]


def _take(page: Page, name: str, url: str, prepare: Callable[[Page], None] | None = None) -> None:
    page.goto(url)
    page.wait_for_load_state("load")
    if prepare is not None:
        prepare(page)
    page.screenshot(path=WHERE / f"{name}.png", animations="disabled")
    print(f"  {name}.png  {(WHERE / f'{name}.png').stat().st_size / 1000:.0f} kB")


def _speak(page: Page) -> None:
    """A call by text, in the middle of its second turn."""
    page.click("#call")
    page.wait_for_selector("#words .agent")
    page.fill("#text", "Hi, I would like to book a cleaning, please.")
    page.press("#text", "Enter")
    expect(page.locator("#words .agent").nth(1)).to_contain_text("cleaning", timeout=30_000)


if __name__ == "__main__":
    sys.exit(main())
