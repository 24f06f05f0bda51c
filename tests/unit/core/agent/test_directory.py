"""Which agent answers: by address, Retell agent id, number, else by default, and why."""

from __future__ import annotations

import re
import textwrap

import pytest

from app.adapters.agents import files
from app.core.agent.directory import Asked, Directory, NoAgent, UnknownAgent
from app.core.agent.reference import AgentRef

TWO = """\
businesses:
  bakery:
    name: Corner Bakery
    numbers: ["+49 30 5550100", "sip:shop@bakery.example"]
  salon:
    name: Salon
    numbers: ["+14155550123"]
    answers: eva
agents:
  - {id: ada, name: Ada, business: bakery, instructions: x, retell_agent_ids: [agent_1]}
  - {id: ben, name: Ben, business: bakery, instructions: x, numbers: ["+49 30 5550101"]}
  - {id: cid, name: Cid, business: salon, instructions: x}
  - {id: eva, name: Eva, business: salon, instructions: x}
"""


def directory(text: str = TWO, default: str = "") -> Directory:
    head = f"default: {default}\n" if default else ""
    return files.parse(head + textwrap.dedent(text), "agents.yaml")


@pytest.mark.parametrize(
    ("asked", "agent", "by", "why"),
    [
        (Asked(address="ben"), "ben", "address", "the address names ben"),
        (Asked(address=" EVA "), "eva", "address", "the address names eva"),
        (Asked("", "agent_1", "+14155550123"), "ada", "retell_agent_id", "lists Retell agent"),
        (Asked("cid", "agent_1"), "cid", "address", "the address names cid"),
        (Asked(number="+49305550100"), "ada", "number", "a number of business bakery"),
        (Asked(number="0049 30 555-0101"), "ben", "number", "+49305550101 is a number of ben"),
        (Asked(number="+1 (415) 555-0123"), "eva", "number", "a number of business salon"),
        (Asked(number="sip:Shop@bakery.example;transport=tls"), "ada", "number", "sip:shop@"),
        (Asked("", "agent_9", "sip:+49305550101@carrier"), "ben", "number", "a number of ben"),
    ],
)
def test_the_agent_that_answers_and_why(asked: Asked, agent: str, by: str, why: str) -> None:
    found = directory().route(asked)
    assert (found.agent.id, found.by) == (agent, by)
    assert why in found.why


def test_what_fits_nobody_is_refused_with_the_reason() -> None:
    found = directory()
    for asked, why in [
        (Asked(), "nothing says whom the call is for"),
        (Asked("", "agent_9"), "no agent lists Retell agent agent_9"),
        (Asked(number="+4930777"), "nobody has the number +4930777"),
        (Asked(number="anonymous"), "nobody has the number anonymous"),
    ]:
        with pytest.raises(NoAgent, match=re.escape(why)):
            found.route(asked)
    with pytest.raises(NoAgent):
        _ = found.default


def test_what_fits_nobody_goes_to_the_default_agent() -> None:
    found = directory(default="cid").route(Asked(number="+4930777"))
    assert (found.agent.id, found.by) == ("cid", "default")
    assert "nobody has the number +4930777; cid is the default agent" in found.why


def test_an_address_that_names_nobody_is_refused_even_with_a_default() -> None:
    with pytest.raises(UnknownAgent, match="'dan'"):
        directory(default="cid").route(Asked(address="dan"))


def test_a_number_that_is_not_in_full_is_read_as_the_default_agents_country_does() -> None:
    found = directory(TWO.replace("name: Ada,", "name: Ada, country: DE,"), default="ada")
    assert found.route(Asked(number="030 5550101")).agent.id == "ben"


def test_of_an_outbound_call_the_line_is_the_number_it_comes_from() -> None:
    details = {"direction": "outbound", "from_number": "+49305550101", "to_number": "+4917100000"}
    assert directory().route(Asked.of_details(details)).agent.id == "ben"
    incoming = {**details, "direction": "inbound", "to_number": "+49305550100"}
    assert directory().route(Asked.of_details(incoming)).agent.id == "ada"


def test_a_reference_leads_to_its_agent() -> None:
    found = directory()
    ada = found.all[0]
    who = AgentRef.to(ada, "agent_1")
    assert (who.agent, who.business, who.version) == ("ada", "bakery", ada.version)
    assert AgentRef.from_json(who.to_json()) == who
    assert found.find(who) is ada
    assert found.find(AgentRef("Ada", "")) is ada  # by name, as older data have it
    with pytest.raises(UnknownAgent):
        found.find(AgentRef("dan", "bakery"))


def test_of_two_agents_with_one_name_the_businesss_own_is_found() -> None:
    found = directory(TWO.replace("name: Cid", "name: Ada"))
    assert found.find(AgentRef("Ada", "salon")).id == "cid"
    assert found.find(AgentRef("Ada", "bakery")).id == "ada"
    assert found.find(AgentRef("Ada", "corner-bakery")).id == "ada"  # its name, as older data say
    assert found.find(AgentRef("Ada", "Corner Bakery")).id == "ada"


def test_what_is_one_businesss_is_never_done_as_another() -> None:
    with pytest.raises(UnknownAgent, match="'ada' is no agent of 'salon'"):
        directory().find(AgentRef("ada", "salon"))


def test_agents_and_businesses_by_name() -> None:
    found = directory()
    assert [agent.id for agent in found.of_business("salon")] == ["cid", "eva"]
    assert found.business("Corner Bakery") is found.businesses["bakery"]
    assert found.business("bakery") is found.businesses["bakery"]
    assert found.business("Bakery Corner") is None
    assert found.all[0].business == "Corner Bakery"


def test_a_business_is_found_by_its_name_if_only_one_has_it() -> None:
    text = (
        "businesses: {one: {name: Corner}, two: {name: Corner}, three: {name: Salon Süd}}\n"
        "agents: [{name: Ada, business: one, instructions: x}]\n"
    )
    found = directory(text)
    assert found.business("corner") is None
    named = found.business("salon süd")
    assert named is not None
    assert named.id == "three"
