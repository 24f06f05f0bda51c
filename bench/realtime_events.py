"""The objects of the Realtime protocol that the benchmark's models send."""

from __future__ import annotations

import itertools
import time
from typing import Any

_ids = itertools.count(1)


def new_id(prefix: str) -> str:
    """An id that this process has not given yet."""
    return f"{prefix}_{next(_ids)}"


def session_object() -> dict[str, Any]:
    """A session, as in `session.created`."""
    return {
        "id": new_id("sess"),
        "object": "realtime.session",
        "type": "realtime",
        "expires_at": int(time.time()) + 3600,
    }


def response_object(metadata: Any) -> dict[str, Any]:
    """A response that has just begun."""
    return {
        "id": new_id("resp"),
        "object": "realtime.response",
        "status": "in_progress",
        "metadata": metadata,
        "output": [],
        "conversation_id": "conv_1",
    }


def response_done(response: dict[str, Any], status: str, item: dict[str, Any]) -> dict[str, Any]:
    """The event that ends a response with one item."""
    done = {**response, "status": status, "output": [item], "usage": {"total_tokens": 100}}
    return {"type": "response.done", "response": done}
