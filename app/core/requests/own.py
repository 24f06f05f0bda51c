"""Requests that an agent's own intents stand for: which tool they run, and with what evidence.

A tool is run only for words that ask for it and were not taken back, with every required argument
shown by the caller's words: in the request itself, or in the answer to a question about just that.
Nothing is put in the place of what was not said.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.core.language import agreement
from app.core.language.agreement import Sense
from app.core.language.text import plain, words
from app.core.requests.evidence import AGENT, CALLER, Utterance
from app.core.tools import spoken_values
from app.core.tools.declarations import Tool

_TAKES_BACK = (Sense.NO, Sense.TAKEN_BACK, Sense.CHANGE)
#: Where an utterance has no moment, nothing relative can be read; this one is never near a call.
_NO_MOMENT = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SMALL = frozenset(
    words("a an the of for to in on at is it your you my what which whether or and number please")
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A value and the utterance that shows it."""

    value: Any
    said: Utterance


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """One request: run its tool, or leave it, and why."""

    intent: str
    tool: str
    kind: Literal["act", "leave"]
    why: str
    arguments: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Utterance] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The public form, for the call's record."""
        return {
            "kind": "own",
            "intent": self.intent,
            "tool": self.tool,
            "why": self.why,
            "arguments": self.arguments,
            "evidence": {
                name: {"utterance": said.index, "words": said.text}
                for name, said in self.evidence.items()
            },
        }


def own_requests(
    said: Sequence[Utterance],
    analyses: Sequence[Mapping[str, Any]],
    tools: Mapping[str, Tool],
    *,
    threshold: float,
    confirm: frozenset[str] = frozenset(),
) -> list[OwnRequest]:
    """What the whole call asks for by the intents of `tools`. `analyses` are of its utterances,
    `threshold` is the least confidence; those of `confirm` need a yes to what is read back."""
    found = []
    for intent, tool in tools.items():
        asked = [
            item["utterance"]
            for item in analyses
            if item["intent"] == intent and not item["negated"] and item["confidence"] >= threshold
        ]
        if asked:
            needs_yes = tool.policy.confirm or intent in confirm
            from_there = [item for item in said if item.index >= asked[-1]]
            found.append(_request(intent, tool, from_there, needs_yes=needs_yes))
    return found


def _request(intent: str, tool: Tool, said: Sequence[Utterance], *, needs_yes: bool) -> OwnRequest:
    """The request that the first utterance is, by all that follows it."""

    def leave(why: str, shown: Mapping[str, Shown] | None = None) -> OwnRequest:
        return OwnRequest(intent, tool.name, "leave", why, *_parts(said[0], shown or {}))

    if tool.kind == "action":
        return leave("it acts on a call, which is over")
    for item in said:
        if item.role != CALLER:
            continue
        if agreement.withdraws(item.text) or agreement.postpones(item.text):
            return leave("the caller took it back or put it off")
    shown = _arguments(tool, said)
    missing = [name for name in tool.parameters.get("required") or () if name not in shown]
    if missing:
        return leave(f"not done, because nobody said: {', '.join(missing)}", shown)
    if needs_yes and not _agreed(said):
        return leave("not done, because the caller was not asked to confirm it, or did not", shown)
    why = "asked for, and every part was said"
    return OwnRequest(intent, tool.name, "act", why, *_parts(said[0], shown))


def _parts(
    asked: Utterance, shown: Mapping[str, Shown]
) -> tuple[dict[str, Any], dict[str, Utterance]]:
    """The arguments, and where they and the request itself were said."""
    values = {name: each.value for name, each in shown.items()}
    return values, {"request": asked, **{name: each.said for name, each in shown.items()}}


def _arguments(tool: Tool, said: Sequence[Utterance]) -> dict[str, Shown]:
    properties = tool.parameters.get("properties") or {}
    shown: dict[str, Shown] = {}
    for name, raw in properties.items():
        schema = spoken_values.resolved(raw, tool.parameters)
        found = _shown(name, schema, said)
        if found is not None:
            shown[name] = found
    values = [str(each.value) for each in shown.values()]
    # One number cannot be two things: where it is not known which, it is neither.
    return {
        name: each
        for name, each in shown.items()
        if values.count(str(each.value)) == 1 or isinstance(each.value, bool)
    }


def _shown(name: str, schema: spoken_values.Schema, said: Sequence[Utterance]) -> Shown | None:
    """The value that the request shows, as answers to questions about it complete or correct it."""
    found: Shown | None = None
    question: Utterance | None = None
    for item in said:
        if item.role == AGENT:
            question = item if "?" in item.text else None
            continue
        now = item.at or _NO_MOMENT
        value: Any = None
        if item is said[0]:
            value = spoken_values.find_value(schema, name, item.text, now)
        elif found is not None and _refuses(question, item, found.value):
            found = None
            value = spoken_values.find_value(schema, name, item.text, now)
        elif question is not None and _is_about(question.text, name, schema):
            value = spoken_values.read_value(schema, name, item.text, now)
        if value is not None and not (item.at is None and _is_dated(schema)):
            found = Shown(value, item)
        question = None
    return found


def _is_about(question: str, name: str, schema: spoken_values.Schema) -> bool:
    """Whether a question asks for the argument: it has the telling words of its name, or half of
    those of its description."""
    asked = set(words(plain(question)))
    own = set(words(plain(name.replace("_", " ")))) - _SMALL
    if own and own <= asked:
        return True
    about = set(words(plain(str(schema.get("description") or "")))) - _SMALL
    return bool(about) and 2 * len(about & asked) >= len(about)


def _refuses(question: Utterance | None, answer: Utterance, value: Any) -> bool:
    """Whether the value was read back and is not right."""
    if question is None or str(value).casefold() not in question.text.casefold():
        return False
    return agreement.answer(answer.text) in _TAKES_BACK


def _is_dated(schema: spoken_values.Schema) -> bool:
    return schema.get("format") in ("date", "time", "date-time")


def _agreed(said: Sequence[Utterance]) -> bool:
    """Whether the last question that was answered with yes or no was answered with yes."""
    answered: bool | None = None
    for before, item in itertools.pairwise(said):
        if before.role == AGENT and item.role == CALLER and "?" in before.text:
            sense = agreement.answer(item.text)
            if sense is not None:
                answered = sense is Sense.YES
    return answered is True
