"""Comparing what was sent with what was heard, word by word.

A transcript of speech differs from the text that was spoken in case, punctuation, blanks and
markup, never in what counts: the words.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_MARKUP = re.compile(r"</?[a-z]+>")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"')\]]*(?=\s|$)")
_ABBREVIATION = re.compile(r"(?:\b(?:Dr|Mr|Mrs|Ms|St|No|Ave|a\.m|p\.m)|\b[A-Z])\.$")
_LONGEST_ABBREVIATION = 8

_TRAILING = " \t\n.,;:!?…)]}\"'’”-–—。！？、"


@lru_cache(maxsize=1024)
def words(text: str) -> tuple[str, ...]:
    """The words of `text`, without case, punctuation and markup.

    One request asks for the words of its whole transcript several times over.
    """
    return tuple(map(str.casefold, _WORD.findall(_blank_markup(text))))


def _blank_markup(text: str) -> str:
    return _MARKUP.sub(lambda tag: " " * len(tag.group()), text) if "<" in text else text


def is_prefix(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether `long` begins with `short`."""
    return len(short) <= len(long) and long[: len(short)] == short


def cut_after(text: str, count: int) -> int:
    """The index in `text` after its `count`-th word and the punctuation and blanks behind it."""
    if count <= 0:
        return 0
    end = 0
    for number, match in enumerate(_WORD.finditer(_blank_markup(text)), 1):
        end = match.end()
        if number == count:
            break
    while end < len(text) and text[end] in _TRAILING:
        end += 1
    return end


def unheard(sent: str, heard: str) -> str | None:
    """What of `sent` was not heard, or None where `heard` is no beginning of it.

    An empty string means that all of it was heard.
    """
    heard_words, sent_words = words(heard), words(sent)
    if not is_prefix(heard_words, sent_words):
        return None
    return sent[cut_after(sent, len(heard_words)) :].lstrip() if heard_words else sent


def sentence_end(text: str) -> int:
    """The index after the last complete sentence in `text`, 0 where there is none.

    The end of the text ends a sentence only where punctuation stands there.
    """
    best = 0
    for match in _SENTENCE_END.finditer(text):
        at = match.start()
        if not _ABBREVIATION.search(text, max(0, at - _LONGEST_ABBREVIATION), at + 1):
            best = match.end()
    return best
