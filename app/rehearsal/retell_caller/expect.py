"""Checks what a scenario expects against what became of the call. Pure; gives all failures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from app.rehearsal.retell_caller.outcome import Outcome, ToolSeen
from app.rehearsal.retell_caller.scenario import Expect, ToolExpected

Fill = Callable[[str], str]


def from_call(expect: Expect, outcome: Outcome, fill: Fill) -> list[str]:
    """What the call itself shows."""
    problems = []
    if expect.ended is not None and outcome.ended != expect.ended:
        problems.append(f"the call ended by {outcome.ended}, not {expect.ended}")
    heard = [" ".join(text.split()) for text in outcome.heard()]
    for pattern in expect.heard:
        if not _count(fill(pattern), heard):
            problems.append(f"never heard {pattern!r}")
    for pattern in expect.never_heard:
        if _count(fill(pattern), heard):
            problems.append(f"heard {pattern!r}")
    for pattern in expect.heard_once:
        if (times := _count(fill(pattern), heard)) != 1:
            problems.append(f"heard {pattern!r} {times} times, not once")
    problems += _tools(expect.tools, outcome.tools, fill)
    called = {tool.name for tool in outcome.tools}
    problems += [f"{name} was called" for name in expect.never_tools if name in called]
    if expect.actions is not None and list(expect.actions) != outcome.actions:
        did, wanted = ", ".join(outcome.actions), ", ".join(expect.actions)
        problems.append(f"actions were {did or 'none'}, not {wanted or 'none'}")
    if expect.max_silence is not None:
        longest = max((turn.silence or 0.0 for turn in outcome.turns), default=0.0)
        if longest > expect.max_silence:
            problems.append(f"the caller waited {longest:.1f} s, more than {expect.max_silence} s")
    return problems


def needs_record(expect: Expect) -> bool:
    """True if the call's record at the server is to be looked at."""
    return expect.bookings is not None or bool(expect.record)


def from_record(expect: Expect, record: dict[str, Any], fill: Fill) -> list[str]:
    """What `GET /api/calls/<id>` shows."""
    problems = []
    if expect.bookings is not None:
        left = [dict(item) for item in record.get("bookings") or []]
        for wanted in expect.bookings:
            found = next((item for item in left if _has(item, wanted, fill)), None)
            if found is None:
                there = "; ".join(_in_words(item) for item in left) or "none"
                problems.append(f"no booking with {_in_words(wanted)}; bookings: {there}")
            else:
                left.remove(found)
        if left and not problems:
            problems.append(f"a booking too many: {'; '.join(_in_words(item) for item in left)}")
    for path, wanted in expect.record.items():
        value = _at(record, path)
        same = (
            re.search(fill(wanted), _text(value), re.IGNORECASE) is not None
            if isinstance(wanted, str)
            else value == wanted
        )
        if not same:
            problems.append(f"{path} is {_shown(value)}, not {_shown(wanted)}")
    return problems


def _count(pattern: str, texts: Sequence[str]) -> int:
    return sum(re.search(pattern, text, re.IGNORECASE) is not None for text in texts)


def _tools(wanted: Sequence[ToolExpected], seen: Sequence[ToolSeen], fill: Fill) -> list[str]:
    rest = list(seen)
    for expected in wanted:
        for index, tool in enumerate(rest):
            if _is(tool, expected, fill):
                rest = rest[index + 1 :]
                break
        else:
            calls = ", ".join(_tool_in_words(tool) for tool in seen) or "none"
            wanted_with = f" with {_in_words(expected.arguments)}" if expected.arguments else ""
            how = {True: " successfully", False: " and fail", None: ""}[expected.successful]
            return [f"{expected.name} was not called{how}{wanted_with}; tools called: {calls}"]
    return []


def _in_words(values: Mapping[str, Any]) -> str:
    """The members that have a value: "name Dana Reyes, status booked"."""
    return ", ".join(f"{name} {_shown(value)}" for name, value in values.items() if value)


def _tool_in_words(tool: ToolSeen) -> str:
    how = {True: "ok", False: "failed", None: "no result"}[tool.successful]
    given = _in_words(orjson.loads(tool.arguments))
    return f"{tool.name} ({f'{given}; ' if given else ''}{how})"


def _shown(value: Any) -> str:
    return "nothing" if value is None else _text(value)


def _is(tool: ToolSeen, expected: ToolExpected, fill: Fill) -> bool:
    if tool.name != expected.name:
        return False
    if expected.successful is not None and tool.successful is not expected.successful:
        return False
    return _has(orjson.loads(tool.arguments), expected.arguments, fill)


def _has(values: dict[str, Any], patterns: dict[str, str], fill: Fill) -> bool:
    return all(
        name in values and re.search(fill(pattern), _text(values[name]), re.IGNORECASE)
        for name, pattern in patterns.items()
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(value, list) and part.isdigit():
            value = value[int(part)] if int(part) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value
