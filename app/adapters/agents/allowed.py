"""What somebody may write who has only a business's own token.

A secret is the deployment's: a business may only use those that its `secrets` name. What runs
programs of this machine, imports its modules or reads its files is the deployer's to write. Parts
that somebody with all rights wrote stay, as long as they stay just as they were.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from app.adapters.agents.documents import Document, Location, Problem
from app.core.agent.references import find_references

#: Parts of an agent in which nothing is filled in.
_PLAIN = frozenset(("instructions", "lines", "texts"))
#: Keys of a business that belong together: whoever writes one of them could send another's secret
#: to an address of their own.
_ACCOUNTS = (
    *("calendar_url", "calendar_token", "retell_api_key", "openai_api_key", "openai_base_url"),
    *("twilio_account_sid", "twilio_auth_token", "booking_webhook_url", "booking_webhook_secret"),
    *("report_webhook_url", "report_webhook_secret"),
)
_REPORTS = ("report_webhook_url", "report_webhook_secret")


def check_allowed(
    document: Document, before: Mapping[str, Any] | None, allowed: Collection[str]
) -> list[Problem]:
    """What a business's own token may not write, with the path of each.

    document: as it is to be; before: what it says now, None for a new one; allowed: the names of
    the secrets that the business may refer to (`Business.secrets`, as it is now).
    """
    old = before or {}
    check = _check_business if document.kind == "business" else _check_agent
    return list(check(document, old, allowed))


def _check_business(
    document: Document, old: Mapping[str, Any], allowed: Collection[str]
) -> Iterator[Problem]:
    data = document.data
    if data.get("secrets", []) != old.get("secrets", []):
        yield document.problem(("secrets",), "only the admin token can change this")
    yield from _check_group(document, _ACCOUNTS, old, allowed)
    rest = {key: value for key, value in data.items() if key not in (*_ACCOUNTS, "secrets")}
    for path, text in _texts(rest):
        yield from _unknown(document, path, text, allowed)


def _check_agent(
    document: Document, old: Mapping[str, Any], allowed: Collection[str]
) -> Iterator[Problem]:
    data = document.data
    yield from _check_group(document, _REPORTS, old, allowed)
    tools, before = data.get("tools"), old.get("tools")
    for index, entry in enumerate(tools if isinstance(tools, list) else ()):
        if isinstance(before, list) and entry in before:
            continue
        yield from _check_tool(document, index, entry)
        for path, text in _texts(entry, ("tools", index)):
            yield from _unknown(document, path, text, allowed)
    knowledge, known = data.get("knowledge"), old.get("knowledge")
    folder = knowledge.get("folder") if isinstance(knowledge, dict) else None
    if folder and folder != (known.get("folder") if isinstance(known, dict) else None):
        told = "only the admin token can name a folder; give the items themselves"
        yield document.problem(("knowledge", "folder"), told)
    for key, value in data.items():
        if key not in _PLAIN and key not in (*_REPORTS, "tools") and value != old.get(key):
            for path, text in _texts(value, (key,)):
                yield from _unknown(document, path, text, allowed)


def _check_tool(document: Document, index: int, entry: Any) -> Iterator[Problem]:
    told = "only the admin token can write this"
    for key in ("python", "command"):
        if isinstance(entry, dict) and entry.get(key):
            yield document.problem(("tools", index, key), told)


def _check_group(
    document: Document, group: Collection[str], old: Mapping[str, Any], allowed: Collection[str]
) -> Iterator[Problem]:
    """The keys of a group are as they were, or refer to nothing but what is allowed."""
    data = document.data
    if all(data.get(key) == old.get(key) for key in group):
        return
    for key in group:
        for path, text in _texts(data.get(key), (key,)):
            yield from _unknown(document, path, text, allowed)


def _texts(value: Any, at: Location = ()) -> Iterator[tuple[Location, str]]:
    """All texts of JSON data, with where they stand."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*at, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*at, index))


def _unknown(
    document: Document, path: Location, text: str, allowed: Collection[str]
) -> Iterator[Problem]:
    for name in find_references(text):
        if name not in allowed:
            told = f"${{{name}}} is not among the secrets of this business"
            yield document.problem(path, told)
