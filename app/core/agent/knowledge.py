"""The part of an agent's file that `search_knowledge` searches."""

from __future__ import annotations

from app.core.agent.parts import Part, Text


class Question(Part):
    """One question with its answer."""

    question: Text
    answer: Text


class Knowledge(Part):
    """What the tool `search_knowledge` searches. `folder` holds Markdown files."""

    folder: str | None = None
    items: tuple[Question, ...] = ()
