"""The agents: who they are, and what their file relies on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.adapters.checks.finding import Finding
from app.adapters.notify.channels import can_text
from app.core.agent.definition import Agent
from app.core.agent.directory import Agents
from app.settings import Settings

#: Agents that are named; of more it is told how many there are.
MAX_NAMED = 10
REFUSED_CURE = "correct the file, or put the agent again: the version before goes on"


def agents(loaded: Agents, settings: Settings) -> list[Finding]:
    """The agents that were loaded, and what of the settings they lack."""
    names = ", ".join(agent.id for agent in loaded.all[:MAX_NAMED])
    more = ", …" if len(loaded.all) > MAX_NAMED else ""
    what = f"{len(loaded.all)} of {len(loaded.businesses)} businesses: {names}{more}"
    out = [Finding("agents", "ok", what)]
    if loaded.only_default is None:
        cure = "name one with `default:` if somebody should answer them"
        out.append(Finding("agents", "warn", "calls that fit no agent are refused", cure))
    for agent in loaded.all:
        if "transfer_call" in agent.toolset and not agent.switchboard:
            cure = "set transfer_targets or transfer_number, or take transfer_call out of its tools"
            out.append(Finding("agents", "warn", f"{agent.name} has nobody to transfer to", cure))
        out += [Finding("agents", "warn", *lacking) for lacking in _lacking(agent, settings)]
    return out


def refused(told: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """The changes that running processes refuse, as `ProblemBoard.all` gives them."""
    return [
        Finding(
            "agents",
            "bad",
            f"{each['process']} refuses a change: {'; '.join(each['problems'])}",
            REFUSED_CURE,
        )
        for each in told
    ]


def _lacking(agent: Agent, found: Settings) -> Iterator[tuple[str, str]]:
    """What an agent's file relies on and the settings do not have: what is the matter, the cure."""
    account = bool(found.twilio_account_sid and found.twilio_auth_token)
    if any(target.warm for target in agent.switchboard.targets) and not account:
        cure = "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
        yield f"{agent.name} cannot ask a colleague before a transfer", cure
    texts = agent.messages.text or "send_text" in agent.toolset
    if texts and not can_text(found):
        yield f"{agent.name} cannot send text messages", "set Twilio's settings and NOTIFY_SMS_FROM"
    if agent.messages.email and not found.smtp_url:
        yield f"{agent.name} cannot mail messages", "set SMTP_URL"
