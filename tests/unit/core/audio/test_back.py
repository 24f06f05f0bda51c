"""A caller who was put through in vain is back on a new stream."""

from __future__ import annotations

import pytest

from app.core.audio.call import AudioCall
from app.core.call import prompts
from app.core.call.events import SaveState
from app.core.call.setup import Setup
from tests.support.audio_sim import Sim, agent


@pytest.mark.parametrize(
    ("tools", "offered"),
    [
        (("transfer_call", "take_message"), "offer to take a message"),
        (("transfer_call",), "offer something else"),
    ],
)
def test_the_agent_knows_why_the_caller_is_back(tools: tuple[str, ...], offered: str) -> None:
    mia = agent(tools=tools)
    first = Sim(agent=mia)
    state = first.call.to_state() | {"ended": True, "ending": {"kind": "transfer"}}
    setup = Setup("call_1", mia, stream="MZ2", back_from="front office", back_why="busy")
    assert Setup.from_json(setup.to_json()) == setup
    call = AudioCall(setup)
    actions = call.resume(state, 5.0)
    assert SaveState() in actions, "a stream that breaks at once is not put through again"
    turn = call.state.open_turn
    assert turn is not None
    wanted = call.model.responses.wanted
    assert wanted is not None
    assert wanted.note == prompts.not_answered("front office", "busy", "take_message" in tools)
    assert "is busy on the telephone" in wanted.note
    assert offered in wanted.note
    assert call.to_state()["ending"] is None
