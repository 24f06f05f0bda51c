"""The part of an agent's file that `search_knowledge` searches."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Phrase = Annotated[str, Field(min_length=1, max_length=2000)]


class Part(BaseModel):
    """Base of the parts: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Question(Part):
    """One question with its answer."""

    question: Phrase
    answer: Phrase


class Knowledge(Part):
    """What the tool `search_knowledge` searches. `folder` holds Markdown files."""

    folder: str | None = None
    items: tuple[Question, ...] = ()
