"""Whom a caller is put through to, where the tool names several, and what is said if nobody is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from app.core.language.text import plain, words
from app.rehearsal.realtime_server.reply import Prompt
from app.rehearsal.receptionist.hearing import Heard

_ON_DUTY = re.compile(r"emergenc|on call|duty|urgent", re.IGNORECASE)
_ORDERS = re.compile(r"\s*Say so, and (?P<offer>[^.]*)\.\s*$")
#: Words of a name that say nothing about whom it means.
_ANYBODY = frozenset(words("a an the our on of office desk call team person"))


def target_for(prompt: Prompt, utterances: Sequence[Heard] = ()) -> dict[str, Any]:
    """The argument `target` of transfer_call; nothing where the tool takes none."""
    names = _targets(prompt)
    if not names:
        return {}
    heard = set(words(plain(utterances[-1].text))) if utterances else set()
    urgent = any(utterance.has("urgent") for utterance in utterances)
    meant = [name for name in names if _means(set(words(plain(name))), heard)]
    if not meant and urgent:
        meant = [name for name in names if _ON_DUTY.search(name)]
    return {"target": (meant or names)[0]}


def words_of_refusal(error: str) -> str:
    """What the caller is told where nobody can be put through to; a question if one is due."""
    orders = _ORDERS.search(error)
    if orders is None:
        return "I am sorry, nobody is there to take the call right now."
    fact = error[: orders.start()].removeprefix("Not done: ").strip()
    told = f"I am sorry, {fact}"
    if "message" in orders["offer"]:
        return f"{told} Would you like to leave a message?"
    other = re.search(r"connect them to (.+) instead", orders["offer"])
    return f"{told} Shall I connect you with {other[1]}?" if other else told


def _means(name: set[str], heard: set[str]) -> bool:
    return bool((name - _ANYBODY) & heard) or name <= heard


def _targets(prompt: Prompt) -> list[str]:
    for tool in prompt.tools:
        if tool.get("name") == "transfer_call":
            properties = (tool.get("parameters") or {}).get("properties") or {}
            return [str(name) for name in (properties.get("target") or {}).get("enum") or ()]
    return []
