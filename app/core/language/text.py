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
_SAME_LENGTH = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u02bc": "'",
        "`": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": ".",
        "\u00a0": " ",
        "\u202f": " ",
        "\n": " ",
        "\t": " ",
    }
)
_SHORT_FORMS = """
    don't=do not, dont=do not, can't=can not, cant=can not, cannot=can not, won't=will not,
    wont=will not, isn't=is not, aren't=are not, doesn't=does not, doesnt=does not,
    didn't=did not, didnt=did not, wouldn't=would not, wouldnt=would not, couldn't=could not,
    shouldn't=should not, haven't=have not, havent=have not, hasn't=has not, wasn't=was not,
    weren't=were not, ain't=is not, needn't=need not, mustn't=must not, hadn't=had not,
    i'm=i am, im=i am, i'd=i would, id=i would, i'll=i will, i've=i have, ive=i have,
    you're=you are, it's=it is, that's=that is, thats=that is, what's=what is, whats=what is,
    let's=let us, lets=let us, there's=there is, we're=we are, we'd=we would, we'll=we will,
    we've=we have, they're=they are, when's=when is, who's=who is, how's=how is,
    where's=where is, gonna=going to, wanna=want to, gotta=got to, lemme=let me,
    gimme=give me, you'd=you would, you'll=you will, what've=what have, anymore=any more,
    nevermind=never mind
    """
EXPANSIONS: dict[str, tuple[str, ...]] = {
    short.strip(): tuple(full.split())
    for short, full in (pair.split("=") for pair in _SHORT_FORMS.split(","))
}
"""Short forms -> the words they stand for."""

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|(?<!\s)\s+-+\s+|(?:(?<!\s)\s+)?\.\.\.+\s*")


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


def level(text: str) -> str:
    """Lower case, straight quotes and dashes; every character stays at its place."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(char.lower()[:1] for char in text)
    return lower.translate(_SAME_LENGTH)


def words(text: str) -> list[str]:
    """The words of a plain text, without punctuation; apostrophes inside words stay."""
    return _WORD.findall(text)


def sentences(text: str) -> list[str]:
    """The sentences of a plain text, in order, empty ones left out."""
    return [part for part in (p.strip() for p in _SENTENCE_END.split(text)) if part]
