"""The agents' own lines, spoken by their voices, kept in Redis from call to call."""

from __future__ import annotations

import hashlib
import time
from typing import cast

from redis import Redis

from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.core.agent.definition import Agent
from app.core.audio import prerecorded

#: A line is spoken again after this time, so that a changed voice of the model's is followed.
KEEP_S = 30 * 24 * 3600
#: How long a process trusts what it has read.
FRESH_S = 60.0


class LineStore:
    """Lines as mu-law audio, by agent, model, voice and words."""

    def __init__(self, redis: Redis, model: str) -> None:
        self._redis = redis
        self._model = model
        self._read: dict[str, tuple[float, dict[str, bytes]]] = {}

    def known(self, agent: Agent) -> dict[str, bytes]:
        """The lines of this agent that have been spoken before. Raises `Unavailable`."""
        voice = f"{agent.home.id}:{self._voice(agent)}"
        found = self._read.get(voice)
        if found is not None and time.monotonic() - found[0] < FRESH_S:
            return found[1]
        lines = self._fetch(agent)
        self._read[voice] = (time.monotonic(), lines)
        return lines

    @guarded
    def _fetch(self, agent: Agent) -> dict[str, bytes]:
        texts = prerecorded.wanted(agent)
        names = [self._key(agent, text) for text in texts]
        audio = cast(list[bytes | None], self._redis.mget(names))
        return {text: data for text, data in zip(texts, audio, strict=True) if data}

    @guarded
    def keep(self, agent: Agent, text: str, audio: bytes) -> None:
        """Keep a line for later calls. Raises `Unavailable`."""
        self._redis.set(self._key(agent, text), audio, ex=KEEP_S)
        found = self._read.get(f"{agent.home.id}:{self._voice(agent)}")
        if found is not None:
            found[1][text] = audio

    def _voice(self, agent: Agent) -> str:
        audio = agent.audio
        return f"{self._model}:{audio.voice}:{audio.speed}"

    def _key(self, agent: Agent, text: str) -> str:
        name = hashlib.sha256(f"{self._voice(agent)}\0{text}".encode()).hexdigest()[:32]
        return keys.line(agent.home.id, name)
