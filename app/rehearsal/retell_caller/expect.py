"""Checks what a scenario expects against what became of the call. Pure; gives all failures."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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
        problems.append(f"actions were {outcome.actions}, not {list(expect.actions)}")
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
                problems.append(f"no booking {wanted}; there is {left or 'none'}")
            else:
                left.remove(found)
        if left and not problems:
            problems.append(f"a booking too many: {left}")
    for path, wanted in expect.record.items():
        value = _at(record, path)
        same = (
            re.search(fill(wanted), _text(value), re.IGNORECASE) is not None
            if isinstance(wanted, str)
            else value == wanted
        )
        if not same:
            problems.append(f"{path} is {value!r}, not {wanted!r}")
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
            calls = [f"{tool.name} {tool.arguments} -> {tool.successful}" for tool in seen]
            said = expected.model_dump(exclude_defaults=True)
            return [f"no tool call {said} at its place; there were {calls or 'none'}"]
    return []


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
