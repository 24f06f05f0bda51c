"""Knowledge as passages: Markdown cut at its headings, questions with their answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_PASSAGE_CHARS = 900

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*_`]{1,3}")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text small enough to be told, and where it comes from."""

    title: str
    text: str
    source: str


def read_markdown(text: str, source: str) -> list[Passage]:
    """Cut Markdown into passages, each with the headings it stands under as its title."""
    passages: list[Passage] = []
    headings: list[str] = []
    lines: list[str] = []

    def close() -> None:
        title = " / ".join(heading for heading in headings if heading)
        for piece in _pieces("\n".join(lines)):
            passages.append(Passage(title, piece, source))
        lines.clear()

    for line in text.splitlines():
        found = _HEADING.match(line)
        if found is None:
            lines.append(line)
            continue
        close()
        depth = len(found[1])
        headings[depth - 1 :] = [""] * (depth - 1 - len(headings)) + [_plain(found[2])]
    close()
    return passages


def read_question(question: str, answer: str, source: str = "questions") -> Passage:
    """One question with its answer."""
    return Passage(question.strip(), answer.strip(), source)


def _pieces(text: str) -> Iterator[str]:
    """Paragraphs joined up to the length of a passage; a longer one is cut between words."""
    held = ""
    for paragraph in re.split(r"\n\s*\n", text):
        plain = " ".join(_plain(paragraph).split())
        while plain:
            if len(held) + len(plain) + 1 <= MAX_PASSAGE_CHARS:
                held, plain = f"{held} {plain}".strip(), ""
            elif held:
                yield held
                held = ""
            else:
                cut = plain.rfind(" ", 0, MAX_PASSAGE_CHARS)
                cut = cut if cut > 0 else MAX_PASSAGE_CHARS
                yield plain[:cut]
                plain = plain[cut:].strip()
    if held:
        yield held


def _plain(text: str) -> str:
    return _MARKUP.sub(lambda found: found[1] or "", text)
