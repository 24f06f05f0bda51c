"""Agent files: what they mean, and errors that name file and line."""

from __future__ import annotations

import datetime as dt
import textwrap
from pathlib import Path

import pytest

from app.adapters.agents import files
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.errors import NotFound, SettingsError

GOOD = """\
name: Ada
business: Corner Bakery
instructions: Sell cakes.
time_zone: Europe/Berlin
retell_agent_ids: [agent_1]
booking:
  hours:
    monday: ["09:00-12:00", "13:00-17:00"]
    friday: 09:00-14:00
    sunday: closed
  holidays:
    - 2026-12-24
    - "12-25"
    - {from: 2026-08-01, to: 2026-08-14, name: Summer}
  services:
    - {id: cake, name: wedding cake, minutes: 45, also: [cake, pastry]}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        files.parse(textwrap.dedent(text), "agents.yaml")
    return caught.value.problems


def test_a_whole_file() -> None:
    agent = files.parse(GOOD, "agents.yaml").default
    rules = agent.booking
    assert rules.time_zone == agent.time_zone == "Europe/Berlin"
    assert [(span.opens, span.closes) for span in rules.hours.on(0)] == [(540, 720), (780, 1020)]
    assert rules.hours.on(6) == ()
    assert rules.holiday(dt.date(2026, 8, 14)) is not None
    assert rules.holiday(dt.date(2031, 12, 25)) is not None
    assert rules.holiday(dt.date(2026, 12, 23)) is None
    service = rules.service("a wedding cake, please")
    assert service is not None
    assert service.id == "cake"
    assert rules.service("surgery") is None


def test_booking_time_zone_alone_serves_the_agent_too() -> None:
    text = GOOD.replace("time_zone: Europe/Berlin\n", "").replace(
        "booking:\n", "booking:\n  time_zone: Asia/Tokyo\n"
    )
    agent = files.parse(text, "f").default
    assert agent.time_zone == agent.booking.time_zone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("09:00-14:00", "9-2", 'agents.yaml:9: booking.hours.friday: opening hours look like "09'),
        ("09:00-12:00", "13:00-12:00", "agents.yaml:8: booking.hours.monday.0: closing time must"),
        (
            "09:00-12:00",
            "09:00-14:00",
            "agents.yaml:7: booking.hours: opening hours of monday over",
        ),
        ("2026-08-01", "2026-09-01", "agents.yaml:14: booking.holidays.2: a holiday must not end"),
        (
            '"12-25"',
            '"13-25"',
            "agents.yaml:13: booking.holidays.1: a yearly holiday must be a day",
        ),
        ("Europe/Berlin", "Berlin", "agents.yaml:4: time_zone: 'Berlin' is not an IANA"),
        (
            "minutes: 45",
            "minutes: 4",
            "agents.yaml:16: booking.services.0.minutes: Input should be",
        ),
        ("business: Corner Bakery\n", "", "agents.yaml:1: business: Field required"),
        ("sunday:", "someday:", "agents.yaml:10: booking.hours.someday: Extra inputs are not"),
        ("sunday:", "friday:", 'agents.yaml:10: "friday" given twice'),
        ("monday: [", "monday: [[", "agents.yaml:9: "),
    ],
)
def test_errors_name_file_and_line(before: str, after: str, expected: str) -> None:
    assert before in GOOD
    found = problems(GOOD.replace(before, after))
    assert any(problem.startswith(expected) for problem in found), found


def test_all_problems_at_once() -> None:
    text = GOOD.replace("minutes: 45", "minutes: 4").replace("09:00-14:00", "never")
    assert len(problems(text)) == 2


def test_several_agents() -> None:
    text = """\
    default: Ben
    agents:
      - name: Ada
        business: A
        instructions: x
        retell_agent_ids: [one]
      - name: Ben
        business: B
        instructions: y
        retell_agent_ids: [two]
    """
    found = files.parse(textwrap.dedent(text), "f")
    assert found.for_retell("one").name == "Ada"
    assert found.for_retell("unknown").name == "Ben"
    assert found.for_retell(None).name == "Ben"
    assert found.find(AgentRef("ada", "", "two")).name == "Ada"
    assert found.find(AgentRef("", "", "two")).name == "Ben"
    assert found.find(AgentRef("", "")).name == "Ben"
    with pytest.raises(NotFound, match="Cid"):
        found.find(AgentRef("Cid", "b"))
    assert set(found.businesses) == {"a", "b"}
    assert problems(text.replace("[two]", "[one]")) == [
        "agents.yaml:10: retell_agent_ids: one is listed by Ada too"
    ]
    assert problems(text.replace("default: Ben", "default: Cid")) == [
        "agents.yaml:1: default: no agent is named 'Cid'"
    ]
    assert problems(text.replace("instructions: y", "instruct: y")) == [
        "agents.yaml:7: instructions: Field required",
        "agents.yaml:9: instruct: Extra inputs are not permitted",
    ]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "agents: []", "\x00", "a: !!x b"])
def test_not_an_agent_file(text: str) -> None:
    assert problems(text)[0].startswith("agents.yaml:1: ")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        files.load(tmp_path / "absent.yaml")


def test_the_shipped_agent() -> None:
    agent = files.load().default
    assert (agent.name, agent.business) == ("Mia", "Harbor Dental")
    assert agent.booking.time_zone == "America/Los_Angeles"
    service = agent.booking.service("a teeth cleaning")
    assert service is not None
    assert service.id == "cleaning"


def test_audio_that_needs_a_missing_library_is_refused_at_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(SettingsError, match="needs the extra 'audio'") as caught:
        files.parse("name: Ada\nbusiness: B\ninstructions: x\naudio:\n  format: pcm\n", "a.yaml")

    assert "a.yaml:5" in str(caught.value)
    assert "requirements-all.txt" in str(caught.value)


WITH_TOOLS = """\
name: Ada
business: Corner Bakery
instructions: Sell cakes.
tools:
  - end_call
  - name: order_status
    description: Look up an order.
    parameters:
      type: object
      properties: {order_id: {type: string}}
      required: [order_id]
    method: GET
    url: "https://shop.example/orders/{order_id}"
    headers: {Authorization: "Bearer ${SHOP_TOKEN}"}
  - {python: tests.support.my_tools}
"""


def test_tools_of_ones_own_stand_beside_the_built_in_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "t")

    agent = files.parse(WITH_TOOLS, "a.yaml").default

    assert list(agent.toolset) == ["end_call", "order_status", "weather", "remind"]
    assert agent.toolset["order_status"].kind == "read"
    assert agent.toolset["weather"].parameters["required"] == ["city"]
    assert "Bearer ${SHOP_TOKEN}" in agent.model_dump_json()


def test_a_module_named_by_the_environment_serves_every_agent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOOLS_MODULE", "tests.support.my_tools")
    agent = files.parse("name: Ada\nbusiness: B\ninstructions: x\n", "a.yaml").default
    assert "weather" in agent.toolset


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("SHOP_TOKEN", "NOT_SET", "a.yaml:6: tools.1: ${NOT_SET} is not set"),
        ("end_call", "fly", "a.yaml:4: tools: unknown tool 'fly'"),
        ('{order_id}"', '{id}"', "url holds {id}, which is no parameter"),
        ("method: GET", "method: GO", "method"),
        ("type: object", "type: list", "must be a JSON schema of type object"),
        ("order_status", "end_call", "end_call is the name of a built-in tool"),
        ("order_status", "weather", "two tools are named weather"),
        ("my_tools", "no_tools", "tests.support.no_tools: ModuleNotFoundError"),
        ("my_tools", "waiting", "has no function with the decorator"),
    ],
)
def test_a_mistake_in_a_tool_is_named_with_its_line(
    old: str, new: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "t")
    told = problems(WITH_TOOLS.replace(old, new))
    assert any(problem.replace("a.yaml", "agents.yaml") in line for line in told), told


def test_a_knowledge_folder_is_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "faq").mkdir()
    (tmp_path / "faq" / "a.md").write_text("# A\nOne.")
    path = tmp_path / "agents.yaml"
    path.write_text("name: A\nbusiness: B\ninstructions: x\nknowledge: {folder: faq}\n")

    assert files.load(path).default.knowledge.folder == str(tmp_path / "faq")

    path.write_text("name: A\nbusiness: B\ninstructions: x\nknowledge: {folder: none}\n")
    with pytest.raises(SettingsError, match=r"agents.yaml:4: knowledge.folder: .* is no folder"):
        files.load(path)


@pytest.mark.parametrize(
    ("holiday", "said"),
    [
        ("2026-02-30", "2026-02-30 is no day of the calendar"),
        ("thanksgivin", "no known holiday; did you mean thanksgiving?"),
        ("some day", "no date (2026-12-24, 12-24) and no known holiday"),
    ],
)
def test_a_holiday_that_is_none_is_named_with_its_line_and_the_cure(
    holiday: str, said: str
) -> None:
    text = f"name: Ada\nbusiness: B\ninstructions: Hi\nbooking:\n  holidays:\n    - '{holiday}'\n"
    with pytest.raises(SettingsError) as raised:
        files.parse(text, "agents.yaml")
    (problem,) = [each for each in raised.value.problems if "holidays" in each]
    assert problem.startswith("agents.yaml:6: booking.holidays.0")
    assert said in problem


def test_resources_that_the_calendar_cannot_keep_are_named_with_their_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = GOOD.replace("  services:\n", "  resources: [{name: Anna}]\n  services:\n")
    assert files.parse(text, "agents.yaml").default.booking.resources[0].name == "Anna"
    monkeypatch.setenv("CALENDAR_URL", "calcom:key?event_type=1")
    (problem,) = problems(text)
    line = text.splitlines().index("  resources: [{name: Anna}]") + 1
    assert problem.startswith(f"agents.yaml:{line}: booking.resources: Cal.com")


def test_a_retired_setting_is_named_and_ignored(caplog: pytest.LogCaptureFixture) -> None:
    files.parse(GOOD + "intents:\n  act_threshold: 0.8\n", "agents.yaml")
    assert caplog.records == []

    old = GOOD + "intents:\n  act_threshold: 0.8\n  repeat_threshold: 0.5\n"
    agent = files.parse(old, "agents.yaml").default

    assert agent.intents.act_threshold == 0.8
    (record,) = caplog.records
    assert record.message == "agent file has a retired setting"
    about = vars(record)
    assert (about["file"], about["setting"]) == ("agents.yaml:19", "intents.repeat_threshold")
    assert about["advice"] == "it has no effect; remove it (act_threshold is what counts)"


def test_a_call_that_was_recorded_with_a_retired_setting_can_be_read() -> None:
    agent = files.parse(GOOD, "agents.yaml").default
    kept = agent.model_dump(mode="json")
    kept["intents"]["repeat_threshold"] = 0.65
    assert Agent.model_validate(kept).intents == agent.intents


BUSINESSES = """\
default: ada
businesses:
  corner-bakery:
    name: Corner Bakery
    time_zone: Europe/Berlin
    language: de-DE
    numbers: ["+493055501"]
    retell_api_key: ${BAKERY_KEY}
    notify_email: [desk@bakery.example]
agents:
  - id: ada
    name: Ada
    business: corner-bakery
    instructions: Sell cakes.
  - name: Ben Bo
    business: Another One
    time_zone: Asia/Tokyo
    instructions: x
"""


def test_an_agent_has_what_its_business_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKERY_KEY", "key_1")
    found = files.parse(BUSINESSES, "a.yaml")
    ada, ben = found.all
    assert (ada.business, ada.home.id) == ("Corner Bakery", "corner-bakery")
    assert (ada.language, ada.time_zone, ada.booking.time_zone) == (
        "de-DE",
        "Europe/Berlin",
        "Europe/Berlin",
    )
    assert ada.booking.notify.email == ("desk@bakery.example",)
    assert ada.home.retell_api_key == "${BAKERY_KEY}"
    assert (ben.id, ben.home.id, ben.time_zone) == ("ben-bo", "another-one", "Asia/Tokyo")
    assert found.default is ada
    assert len(found.businesses) == 2


def test_a_version_is_what_the_agent_and_its_business_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKERY_KEY", "key_1")
    first = [agent.version for agent in files.parse(BUSINESSES, "a.yaml").all]
    assert [agent.version for agent in files.parse(BUSINESSES + "# again\n", "b.yaml").all] == first
    changed = BUSINESSES.replace("de-DE", "de-AT")
    second = [agent.version for agent in files.parse(changed, "a.yaml").all]
    assert second[0] != first[0]
    assert second[1] == first[1]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("${BAKERY_KEY}", "${NOT_SET}", ":8: retell_api_key: ${NOT_SET} is not set; set NOT_SET"),
        ("${BAKERY_KEY}", "${file:/no/key}", ":8: retell_api_key: ${file:/no/key} cannot be read"),
        ("${BAKERY_KEY}", "key_in_clear", ":8: retell_api_key: write the name of an environment"),
        ("default: ada", "default: eva", ":1: default: no agent is named 'eva'"),
        ("Europe/Berlin", "Berlin", ":5: time_zone: 'Berlin' is not an IANA time zone"),
        ("+493055501", "5501", ":7: numbers: '5501' is no number in full; write it as E.164"),
        ("name: Ben Bo", "id: ada\n    name: B", ":15: id: two agents have the id ada"),
        ("language: de-DE", "answers: eva", ":6: answers: 'eva' is no agent of this business"),
        (
            "language: de-DE",
            "calendar_url: caldav+https://me:word@dav.example/",
            ":6: calendar_url: write its password or key as ${NAME}",
        ),
        ("language: de-DE", "id: x", ":6: id: the key of the business is its id"),
        ("language: de-DE", "tone: x", ":6: tone: Extra inputs are not permitted"),
        ("x\n", 'x\n    numbers: ["+493055501"]\n', ":7: numbers: +493055501 is listed by ben-bo"),
        ("agents:\n", "more: 1\nagents:\n", ":10: more: unknown beside agents"),
    ],
)
def test_a_mistake_in_a_business_is_named_with_its_line(
    old: str, new: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKERY_KEY", "key_1")
    told = problems(BUSINESSES.replace(old, new))
    assert any(f"agents.yaml{problem}" in line for line in told), told


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("key_1\n")
    text = BUSINESSES.replace("${BAKERY_KEY}", f"${{file:{tmp_path}/key}}")
    assert files.parse(text, "a.yaml").all[0].home.retell_api_key


def test_a_folder_of_files(tmp_path: Path) -> None:
    (tmp_path / "businesses.yaml").write_text("businesses:\n  b: {name: B, language: fr}\n")
    (tmp_path / "ada.yaml").write_text("name: Ada\nbusiness: b\ninstructions: x\n")
    (tmp_path / "eva.yml").write_text("agents:\n  - {name: Eva, business: b, instructions: x}\n")
    (tmp_path / "notes.txt").write_text("not read")
    found = files.load(tmp_path)
    assert [(agent.id, agent.language, agent.home.id) for agent in found.all] == [
        ("ada", "fr", "b"),
        ("eva", "fr", "b"),
    ]
    assert found.only_default is None

    (tmp_path / "default.yaml").write_text("default: eva\n")
    assert files.load(tmp_path).default.id == "eva"

    (tmp_path / "zoe.yaml").write_text("default: ada\nname: Zoe\n")
    with pytest.raises(SettingsError, match=r"zoe.yaml:1: default: .*names one already"):
        files.load(tmp_path)
    (tmp_path / "zoe.yaml").write_text("name: Zoe\n")
    with pytest.raises(SettingsError, match=r"zoe.yaml:1: business: Field required"):
        files.load(tmp_path)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"the folder holds no \.yaml file"):
        files.load(tmp_path)
