"""Retell's transcripts, as lists of entries of one compact form.

Retell sends a conversation in up to three forms: `transcript` (one text with ``Agent:`` and
``User:`` lines), `transcript_object` (utterances with a time for each word) and
`transcript_with_tool_calls` (the same with tool calls, results and key presses between them);
chats call theirs `message_with_tool_calls`. The richest form that is present is taken. The times of
single words, nine tenths of the bytes, are reduced to the start and end of each utterance.

An entry is a dict with `role` (``agent``, ``user``, ``transfer_target``, ``tool_call_invocation``,
``tool_call_result``, ``dtmf``, ... an open set) and what belongs to that role: `content`, `start`
and `end` (seconds from the start of the call), `at_ms` (unix, chats only), `tool_call_id`, `name`,
`arguments`, `successful`, `digit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Entry = dict[str, Any]

#: Where a transcript may be, the richest form first.
_LISTS = ("transcript_with_tool_calls", "message_with_tool_calls", "transcript_object")
_TEXTS = ("content", "tool_call_id", "name", "arguments", "digit")
_SPEAKERS = {"Agent": "agent", "User": "user", "Transfer Target": "transfer_target"}
_PER_ENTRY = 10**9


def entries_of(*places: Mapping[str, Any]) -> list[Entry] | None:
    """The transcript found in `places` (the call object, the envelope), or None where none is.

    Parts of the wrong type are passed over: a transcript must never cost an event.
    """
    for name in _LISTS:
        for place in places:
            listed = place.get(name)
            if isinstance(listed, list):
                return [entry for entry in map(_entry, listed) if entry is not None]
    for place in places:
        text = place.get("transcript")
        if isinstance(text, str):
            return _from_text(text)
    return None


def progress_of(entries: Sequence[Entry]) -> int:
    """How far a call has come by this transcript: greater is later.

    Orders the `transcript_updated` of one call, which Retell may deliver in any order: by the
    number of entries, then by the time of the last word, or the text's length where no times came.
    """
    if not entries:
        return 0
    last = entries[-1]
    end = last.get("end")
    fine = int(end * 1000) if end is not None else len(last.get("content", ""))
    return len(entries) * _PER_ENTRY + max(0, min(fine, _PER_ENTRY - 1))


def _entry(raw: Any) -> Entry | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("role"), str):
        return None
    entry: Entry = {"role": raw["role"]}
    for name in _TEXTS:
        value = raw.get(name)
        if isinstance(value, str):
            entry[name] = value
    if isinstance(raw.get("successful"), bool):
        entry["successful"] = raw["successful"]
    created = raw.get("created_timestamp")
    if isinstance(created, int) and not isinstance(created, bool):
        entry["at_ms"] = created
    words = raw.get("words")
    if isinstance(words, list) and words:
        for name, word in (("start", words[0]), ("end", words[-1])):
            second = word.get(name) if isinstance(word, dict) else None
            if isinstance(second, (int, float)) and 0 <= second < 1e6:
                entry[name] = second
    return entry


def _from_text(text: str) -> list[Entry]:
    entries: list[Entry] = []
    for line in text.splitlines():
        speaker, colon, said = line.partition(": ")
        role = _SPEAKERS.get(speaker)
        if colon and role:
            entries.append({"role": role, "content": said})
        elif entries and line:
            entries[-1]["content"] += "\n" + line
    return entries
