"""Token counts of a response: estimates, with the split and the cached prefix that bills need.

Text is counted at four characters a token, audio as documented (realtime costs guide): the
caller's at one token per 100 ms, the assistant's at one per 50 ms. Cached is the prefix that the
response shares with the one before it, in whole blocks of 64 tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from app.rehearsal.realtime_server.protocol.items import Item, message_text

_BLOCK = 64
USER_AUDIO_MS, ASSISTANT_AUDIO_MS = 100, 50
_TOKENS_PER_MINUTE = 800_000


def text_tokens(text: str) -> int:
    """The estimate for a text."""
    return (len(text) + 3) // 4


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the context: its identity and what it costs."""

    key: tuple[object, ...]
    text: int
    audio: int = 0


def pieces(instructions: str, tools: list[Any], items: Iterable[Item]) -> list[Piece]:
    """The context of a response as pieces, in the order in which it is cached."""
    head = instructions + (orjson.dumps(tools).decode() if tools else "")
    result = [Piece((head,), text_tokens(head))]
    for item in items:
        wire = item.wire
        if wire["type"] == "message":
            words = "" if item.audio_ms else message_text(wire)
            per_token = USER_AUDIO_MS if wire["role"] == "user" else ASSISTANT_AUDIO_MS
            audio = -(-item.audio_ms // per_token)
        else:
            words = f"{wire.get('name', '')}{wire.get('arguments', '')}{wire.get('output', '')}"
            audio = 0
        result.append(Piece((item.id, words, item.audio_ms), text_tokens(words) + 3, audio))
    return result


class Meter:
    """Counts the responses of one session, remembering the last context for the cache."""

    def __init__(self) -> None:
        self._last: list[Piece] = []

    def usage(
        self, context: list[Piece], text_out: int, audio_out: int, *, remember: bool = True
    ) -> dict[str, Any]:
        """The `usage` object of one response; `remember` keeps its context for the next."""
        text_in = sum(piece.text for piece in context)
        audio_in = sum(piece.audio for piece in context)
        text_cached = audio_cached = 0
        for piece, before in zip(context, self._last, strict=False):
            if piece.key != before.key:
                break
            text_cached += piece.text
            audio_cached += piece.audio
        whole = (text_cached + audio_cached) // _BLOCK * _BLOCK
        audio_cached = min(audio_cached, whole)
        text_cached = whole - audio_cached
        if remember:
            self._last = context
        return {
            "total_tokens": text_in + audio_in + text_out + audio_out,
            "input_tokens": text_in + audio_in,
            "output_tokens": text_out + audio_out,
            "input_token_details": {
                "text_tokens": text_in,
                "audio_tokens": audio_in,
                "image_tokens": 0,
                "cached_tokens": whole,
                "cached_tokens_details": {
                    "text_tokens": text_cached,
                    "audio_tokens": audio_cached,
                    "image_tokens": 0,
                },
            },
            "output_token_details": {"text_tokens": text_out, "audio_tokens": audio_out},
        }


class LimitReached(Exception):
    """A response has as many tokens as it may have."""


class Spending:
    """The tokens of one response. `deltas` counts what was sent, frames of audio included.

    The conversation's cache remembers the context only if `remember` is set.
    """

    def __init__(
        self, meter: Meter, context: list[Piece], limit: int | str, *, remember: bool
    ) -> None:
        self.deltas = 0
        self._meter = meter
        self._context = context
        self._limit = float("inf") if limit == "inf" else int(limit)
        self._remember = remember
        self._text_tokens = 0

    def spend(self, text: str, audio_ms: int) -> None:
        """Count a delta of text beside the audio so far. Raises `LimitReached` before it is over
        the limit."""
        tokens = max(1, text_tokens(text.strip()))
        if self.total(audio_ms) + tokens > self._limit:
            raise LimitReached
        self.deltas += 1
        self._text_tokens += tokens

    def total(self, audio_ms: int) -> int:
        """All tokens of the response so far."""
        return self._text_tokens + audio_ms // ASSISTANT_AUDIO_MS

    def usage(self, audio_ms: int) -> dict[str, Any]:
        """The `usage` object of the response, at its end."""
        return self._meter.usage(
            self._context,
            self._text_tokens,
            audio_ms // ASSISTANT_AUDIO_MS,
            remember=self._remember,
        )


class RateLimits:
    """The rate limits of one session, which only count down."""

    def __init__(self) -> None:
        self._tokens_left = _TOKENS_PER_MINUTE

    def take(self, tokens: int) -> None:
        """Count tokens as used."""
        self._tokens_left = max(0, self._tokens_left - tokens)

    def as_json(self) -> list[dict[str, Any]]:
        """As in `rate_limits.updated`."""
        used = _TOKENS_PER_MINUTE - self._tokens_left
        return [
            {"name": "requests", "limit": 5000, "remaining": 4999, "reset_seconds": 0.012},
            {
                "name": "tokens",
                "limit": _TOKENS_PER_MINUTE,
                "remaining": self._tokens_left,
                "reset_seconds": used / (_TOKENS_PER_MINUTE / 60),
            },
        ]
