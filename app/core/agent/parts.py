"""What every part of the agents' file is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Milliseconds = Annotated[int, Field(ge=0, le=600_000)]


class Part(BaseModel):
    """Base of the parts: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")
