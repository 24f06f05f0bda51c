"""The texts that an agent may send, and the tool for it: the model picks one, and writes none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from app.core.tools.declarations import Tool

TextName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w -]{0,39}$")]
TextBody = Annotated[str, Field(min_length=1, max_length=320)]
"""What is sent, behind the name of the business."""


def describe_texts(tool: Tool, names: Iterable[str]) -> Tool:
    """The tool `send_text` with the names of the texts as what it takes."""
    known = tool.parameters
    text = {"type": "string", "enum": list(names), "description": "The text to send."}
    return replace(tool, parameters={**known, "properties": {"text": text}})
