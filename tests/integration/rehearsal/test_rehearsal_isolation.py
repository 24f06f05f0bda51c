"""One session's trouble is no other session's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from app.rehearsal.realtime_server.pace import AT_ONCE
from app.rehearsal.realtime_server.reply import Part, Prompt, Say
from app.rehearsal.realtime_server.server import running
from app.rehearsal.realtime_server.stage import Stage


class Fragile:
    """A brain that breaks on a word."""

    def answer(self, prompt: Prompt) -> Sequence[Part]:
        if prompt.instructions == "break":
            raise ZeroDivisionError("a bug of the brain")
        return [Say("fine")]


async def ask(connection: ClientConnection, instructions: str) -> str:
    """Ask for a response; the status, or the code of the error."""
    response = {"instructions": instructions, "output_modalities": ["text"]}
    await connection.send(orjson.dumps({"type": "response.create", "response": response}).decode())
    async for message in connection:
        event = orjson.loads(message)
        if event["type"] == "error":
            return str(event["error"]["type"])
        if event["type"] == "response.done":
            return str(event["response"]["status"])
    raise AssertionError("the connection ended")


def test_a_bug_in_the_brain_ends_one_connection() -> None:
    async def play() -> None:
        stage = Stage(Fragile(), pace=AT_ONCE)
        async with running(stage) as port:
            url = f"ws://127.0.0.1:{port}/v1/realtime?model=gpt-realtime"
            headers = {"Authorization": "Bearer x"}
            async with (
                connect(url, additional_headers=headers) as good,
                connect(url, additional_headers=headers) as bad,
            ):
                assert await ask(bad, "break") == "server_error"
                with pytest.raises(ConnectionClosedError) as closed:
                    await bad.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1011
                assert await ask(good, "work") == "completed"
        assert stage.refused["internal_error"] == 1

    asyncio.run(play())


def test_hundred_sessions_at_once() -> None:
    async def play() -> None:
        stage = Stage(Fragile(), pace=AT_ONCE)
        async with running(stage) as port:
            url = f"ws://127.0.0.1:{port}/v1/realtime?model=gpt-realtime"

            async def one() -> list[str]:
                headers = {"Authorization": "Bearer x"}
                async with connect(url, additional_headers=headers) as connection:
                    return [await ask(connection, "work") for _ in range(5)]

            answers = await asyncio.gather(*(one() for _ in range(100)))
        assert answers == [["completed"] * 5] * 100
        assert not stage.violated

    asyncio.run(play())
