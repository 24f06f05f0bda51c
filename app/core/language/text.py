"""Text in one plain form for all readers of this package."""

from __future__ import annotations

import re

_PLAIN = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u02bc": "'",
        "`": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": " - ",
        "\u2014": " - ",
        "\u2026": " ... ",
        "\u00a0": " ",
        "\n": " ",
        "\t": " ",
    }
)
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\s+-+\s+|\s*\.\.\.+\s*")


def vocabulary(words: str, separator: str | None = None) -> tuple[str, ...]:
    """The words of a list, separated by white space or by `separator`."""
    if separator is None:
        return tuple(words.split())
    return tuple(phrase.strip() for phrase in words.split(separator) if phrase.strip())


def plain(text: str, limit: int = 2000) -> str:
    """Lower case, straight quotes, dashes set apart. Keeps the last `limit` characters."""
    if len(text) > limit:
        text = text[-limit:]
    return text.translate(_PLAIN).lower()


def words(text: str) -> list[str]:
    """The words of a plain text, without punctuation; apostrophes inside words stay."""
    return _WORD.findall(text)


def sentences(text: str) -> list[str]:
    """The sentences of a plain text, in order, empty ones left out."""
    return [part for part in (p.strip() for p in _SENTENCE_END.split(text)) if part]
