"""The console in a real browser: a whole call by text, stepping in, and who cannot use a mouse."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from tests.support.stack import RunningStack
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ASKED = "Hi, I would like to book a cleaning, please."
BOOKS = """
caller: {from_number: "+14155550184"}
steps:
  - hear: how can I help
  - say: "I'd like a filling {day+7} in the morning, please."
  - converse:
      - {when: '\\bname\\b', say: "Olga Brandt."}
      - {when: 'shall I|should I|is that|confirm|go ahead', say: "Yes, please."}
      - {when: 'which (one|of|time)|would (any|one)|suits? you', say: "The first one.", times: 4}
    until: '(booked|all set|you are set)'
  - say: No, that is all. Thank you, bye!
"""
CANCELS = """
caller: {from_number: "+14155550184"}
steps:
  - hear: how can I help
  - say: I have to cancel my appointment, please.
  - converse:
      - {when: '\\bname\\b', say: "Olga Brandt."}
      - {when: 'shall I|should I|is that|confirm|go ahead', say: "Yes, please."}
    until: 'cancelled'
  - say: No, that is all. Thank you, bye!
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A program of these tests' own: they book, and others look for free days."""
    stack = RunningStack(tmp_path_factory.mktemp("console"))
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()


def open_page(browser: Browser, wrong: list[str], **options: Any) -> Page:
    page = browser.new_page(**options)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    return page


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong unseen."""
    wrong: list[str] = []
    page = open_page(browser, wrong, viewport={"width": 1200, "height": 900})
    yield page
    page.close()
    assert wrong == []


def begin_call(page: Page, stack: RunningStack) -> str:
    """Call the agent by text and wait for its greeting; the call's id."""
    page.goto(f"{stack.base}/console/try")
    with page.expect_response("**/console/try/call?*") as answer:
        page.click("#call")
    page.wait_for_selector("#words .agent")
    return str(answer.value.json()["call_id"])


def say(page: Page, text: str) -> None:
    page.fill("#text", text)
    page.press("#text", "Enter")


def test_a_call_by_text_interrupted_and_looked_at(console: RunningStack, page: Page) -> None:
    call_id = begin_call(page, console)
    say(page, ASKED)
    # The greeting was cut off in the middle, and the question is answered.
    expect(page.locator("#words s").first).to_be_visible()
    expect(page.locator("#words .agent").nth(1)).to_contain_text("cleaning", timeout=60_000)
    page.click("#hangup")
    eventually(lambda: console.story(call_id)["status"] == "ended")
    page.click("#story")
    expect(page.locator(".timeline")).to_contain_text(ASKED)
    page.click("text=Record and decisions")
    expect(page.locator("[role=status]")).to_contain_text("are the same as in the call")


def test_a_dropped_line_comes_back_and_nothing_is_forgotten(
    console: RunningStack, page: Page
) -> None:
    call_id = begin_call(page, console)
    page.click("#drop")
    expect(page.locator("#state")).to_contain_text("In the call", timeout=30_000)
    say(page, ASKED)
    expect(page.locator("#words .agent").last).to_contain_text("cleaning", timeout=60_000)
    page.click("#hangup")
    eventually(lambda: console.story(call_id)["status"] == "ended")
    kinds = [event["kind"] for event in console.story(call_id)["events"]]
    assert "resumed" in kinds


def test_the_model_and_redis_are_broken_with_a_button_and_the_call_goes_on(
    console: RunningStack, page: Page
) -> None:
    call_id = begin_call(page, console)
    page.click("[data-break=redis]")
    expect(page.locator("#broken")).to_contain_text("Redis is away for this call")
    say(page, ASKED)
    expect(page.locator("#words .agent").nth(1)).to_contain_text("cleaning", timeout=60_000)
    # Nothing of the call could be read meanwhile; it is all there afterwards.
    eventually(lambda: "store" in console.logs() or "redis failed" in console.logs())
    eventually(lambda: (console.records.fetch(call_id) or {}).get("turns"), timeout=60)
    page.click("[data-break=drop]")
    expect(page.locator("#broken")).to_contain_text("connection to the model was cut")
    say(page, "Tomorrow in the morning, please.")
    answer = page.locator("#words li.caller:has-text('Tomorrow') + li.agent .words")
    expect(answer).not_to_be_empty(timeout=60_000)
    page.click("#hangup")
    eventually(lambda: console.story(call_id)["status"] == "ended", timeout=60)
    kinds = [event["kind"] for event in console.story(call_id)["events"]]
    assert "model_lost" in kinds


def test_somebody_listens_in_and_steps_in(
    console: RunningStack, page: Page, browser: Browser
) -> None:
    wrong: list[str] = []
    call_id = begin_call(page, console)
    office = open_page(browser, wrong)
    office.goto(f"{console.base}/console/live")
    office.locator(f"tr[data-call={call_id}] a").click()
    expect(office.locator("#words")).to_contain_text("Thank you for calling", timeout=30_000)
    office.fill("form[data-what=say] input", "A colleague is listening in.")
    office.press("form[data-what=say] input", "Enter")
    office.click("#sure button[value=yes]")
    expect(office.locator("#done")).to_contain_text("was told")
    expect(page.locator("#words")).to_contain_text("A colleague is listening in.", timeout=30_000)
    office.click("form[data-what=end] button")
    office.click("#sure button[value=no]")
    assert console.story(call_id)["status"] == "ongoing", "a no is a no"
    office.click("form[data-what=end] button")
    office.click("#sure button[value=yes]")
    expect(page.locator("#state")).to_contain_text("The agent has hung up", timeout=60_000)
    expect(office.locator("#state")).to_contain_text("The call is over", timeout=60_000)
    office.close()
    did = [e["did"] for e in console.story(call_id)["events"] if e["kind"] == "stepped_in"]
    assert did == ["say", "end"]
    assert wrong == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_and_can_be_used_by_everybody(
    console: RunningStack, browser: Browser, width: int, scheme: Any
) -> None:
    call_id = console.call("booking").call_id
    wrong: list[str] = []
    page = open_page(browser, wrong, viewport={"width": width, "height": 800}, color_scheme=scheme)
    paths = ("", "/live", "/calls", f"/calls/{call_id}", f"/calls/{call_id}/record")
    eventually(lambda: console.records.json("/api/figures")[1]["total"]["calls"], timeout=30)
    for path in (
        *paths,
        f"/calls/{call_id}/turns/2",
        "/agents",
        "/agents/mia",
        "/calendar",
        "/calendar?day=2030-01-02",
        "/figures",
        "/jobs",
        "/doctor",
        "/try",
        "/scenarios",
    ):
        page.goto(f"{console.base}/console{path}")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is {wide} pixels wider than the screen"
    page.close()
    assert wrong == []


def test_a_booking_is_moved_on_the_page_and_the_next_call_finds_it_there(
    console: RunningStack, page: Page
) -> None:
    def check() -> None:
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()

    (booked,) = console.story(console.call(BOOKS).call_id)["bookings"]
    page.goto(f"{console.base}/console/calendar?week={booked['start'][:10]}")
    entry = page.get_by_role("link", name="Olga Brandt")
    expect(entry).to_contain_text(booked["start"][11:16])
    check()
    entry.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Olga Brandt")
    check()
    free = page.locator("ul.times a").last
    time = free.inner_text()
    free.press("Enter")
    page.get_by_role("link", name="No").press("Enter")
    page.locator("ul.times a").last.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_contain_text(time)
    check()
    page.get_by_role("button", name="Yes, move it").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The appointment is moved.")
    entry = page.get_by_role("link", name="Olga Brandt")
    expect(entry).to_contain_text(time)
    bounds, column = entry.bounding_box(), page.locator(".week ol").bounding_box()
    assert bounds is not None
    assert column is not None
    assert bounds["y"] > column["y"] + column["height"] / 3, "late in the day is low on the page"
    check()
    (gone,) = console.story(console.call(CANCELS).call_id)["bookings"]
    assert (gone["id"], gone["status"]) == (booked["id"], "cancelled")
    assert gone["start"][:16] == f"{booked['start'][:10]}T{time}"
    page.reload()
    expect(page.get_by_text("1 cancelled")).to_be_visible()


def test_an_agent_is_edited_tried_and_saved(console: RunningStack, page: Page) -> None:
    def check() -> None:
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()

    page.goto(f"{console.base}/console/agents/mia")
    page.get_by_role("link", name="Edit").click()
    before = page.input_value("#text")
    page.fill("#text", before.replace("business:", "busyness:"))
    flaw = page.locator("#flaws button", has_text="busyness")
    expect(flaw).to_contain_text("line 3: busyness")
    check()
    flaw.press("Enter")
    selected = page.evaluate("getSelection().toString()")
    assert selected.startswith("busyness:")
    page.fill("#text", before.replace("Thank you for calling", "This is the draft of", 1))
    expect(page.locator("#verdict")).to_have_text("No mistakes.")
    page.get_by_role("button", name="Look at the changes").click()
    expect(page.locator(".difference ins")).to_have_count(1)
    check()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Try it in a call").click()
    trial = opened.value
    trial.click("#call")
    greeting = trial.locator("#words .agent").first
    expect(greeting).to_contain_text("This is the draft", timeout=30_000)
    trial.click("#hangup")
    trial.close()
    page.fill("#note", "a greeting to be heard")
    page.get_by_role("button", name="Save and put in force").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.locator("table")).to_contain_text("a greeting to be heard")
    check()
    page.get_by_role("link", name="What the agents' file says").click()
    check()
    page.get_by_role("button", name="Yes, put it in force").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    page.get_by_role("link", name="Edit").click()
    assert page.input_value("#text") == before


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_a_business_and_its_agent_come_and_go(
    console: RunningStack, browser: Browser, width: int, scheme: Any
) -> None:
    wrong: list[str] = []
    kiosk = f"kiosk-{width}"
    page = open_page(browser, wrong, viewport={"width": width, "height": 800}, color_scheme=scheme)

    def check() -> None:
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{page.url} is {wide} pixels wider than the screen"

    def save() -> None:
        page.get_by_role("button", name="Look at the changes").click()
        check()
        page.get_by_role("button", name="Save and put in force").click()
        expect(page.get_by_role("status")).to_contain_text("Saved.")
        check()

    def follow(name: str) -> None:
        page.get_by_role("link", name=name, exact=True).click()
        check()

    page.goto(f"{console.base}/console/agents")
    check()
    follow("New business")
    page.fill("#text", f"id: {kiosk}\nname: Kiosk\nnumbers: ['12']\n")
    expect(page.locator("#flaws")).to_contain_text("line 3: numbers")
    check()
    page.fill("#text", f"id: {kiosk}\nname: Kiosk\nlanguage: en-US\n")
    expect(page.locator("#verdict")).to_have_text("No mistakes.")
    save()
    follow("Edit")
    page.fill("#text", page.input_value("#text").replace("Kiosk", "Kiosk by the Pier"))
    save()
    follow("New agent")
    page.get_by_label("Begin with").select_option("shipped:plumber")
    page.get_by_role("button", name="Begin with it").click()
    assert page.input_value("#text").startswith(f"id: plumber\nname: Sam\nbusiness: {kiosk}\n")
    save()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sam Kiosk by the Pier")
    follow("Make it the default")
    page.get_by_role("button", name="Yes, do it").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    follow("leave it to the agents' file")
    page.get_by_role("button", name="Yes, do it").click()
    page.get_by_role("link", name="Sam", exact=True).click()
    for _ in ("the agent", "its business"):
        follow("Take it out")
        page.get_by_role("button", name="Yes, take it out").click()
        expect(page.get_by_role("status")).to_contain_text("Taken out.")
        check()
        if page.get_by_role("link", name="The business Kiosk by the Pier").count():
            follow("The business Kiosk by the Pier")
    expect(page.get_by_text("Kiosk")).to_have_count(0)
    page.close()
    assert wrong == []


def test_a_scenario_is_played_on_the_page_and_its_call_looked_at(
    console: RunningStack, page: Page
) -> None:
    page.goto(f"{console.base}/console/scenarios")
    page.locator("select[name=scenario]").select_option("booking")
    page.locator("select[name=pace]").select_option("four times as fast")
    page.get_by_role("button", name="Play").press("Enter")
    expect(page.get_by_role("status")).to_have_text("It is being played.")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    listen = page.get_by_role("link", name="Listen in")
    expect(listen).to_be_visible(timeout=30_000)
    listen.focus()
    # The page changes by itself, and the stop button is gone with the play.
    expect(page.get_by_role("status")).to_contain_text("passed", timeout=90_000)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("link", name="Call 1").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("test")
    expect(page.locator(".timeline")).to_contain_text("Dana Reyes")


def test_the_keyboard_alone_is_enough(console: RunningStack, page: Page) -> None:
    page.goto(f"{console.base}/console/calls")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto(f"{console.base}/console/try")
    page.focus("input[name=number]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#words .agent")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type(ASKED)
    page.keyboard.press("Enter")
    expect(page.locator("#words .caller")).to_contain_text(ASKED)
    page.locator("#hangup").press("Enter")
    expect(page.locator("#state")).to_contain_text("hung up")


#: What a browser may be sent for one page, in bytes: markup, styles and scripts, uncompressed.
MOST_BYTES = 64_000


def test_pages_are_light_and_load_nothing_from_elsewhere(
    console: RunningStack, browser: Browser
) -> None:
    call_id = console.call("booking").call_id
    paths = ("", "/live", "/calls", "/figures", "/jobs", "/doctor", "/try", "/talk", "/scenarios")
    for path in (*paths, f"/calls/{call_id}"):
        page = browser.new_context().new_page()
        answers = answers_of(page)
        page.goto(f"{console.base}/console{path}", wait_until="load")
        loaded = [one for one in answers if not one.url.startswith("data:")]
        sizes = {one.url: len(one.body()) for one in loaded if "/events/stream" not in one.url}
        page.context.close()
        assert all(one.url.startswith(console.base) for one in loaded)
        assert 0 < sum(sizes.values()) <= MOST_BYTES, (path, sizes)


def answers_of(page: Page) -> list[Response]:
    """What the page is sent from now on."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    return answers
