"""Any order of speech, silence, keys, losses and faults: what must hold in every audio call."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.protocol.twilio import BYTES_PER_MS
from app.rehearsal.realtime_server.faults import Fault
from app.rehearsal.realtime_server.reply import Call, Say
from tests.support.audio_sim import Sim, agent

#: A cancel may find nothing to cancel; the server says so, and it harms nothing.
BENIGN = {"response_cancel_not_active"}

LONG = "We have free times on Monday at eight, on Tuesday at nine thirty and on Friday at noon."
CHECK = Call("check_availability", '{"date":"2026-11-27"}')
BOOK = Call("book_appointment", '{"slot_id":"s1","name":"Ann Lee"}')
REPLIES: list[list[Any]] = [
    [Say("Yes.")],
    [Say(LONG)],
    [Say("One thing."), Say("And another thing that takes a little longer to say.")],
    [Say("Let me look."), CHECK],
    [CHECK],
    [BOOK],
    [Call("transfer_call", "{}")],
]
FAULTS = [
    {"kind": "no_created", "count": 1},
    {"kind": "stall", "after": 2, "count": 1},
    {"kind": "slow_cancel", "seconds": 0.4, "count": 2},
    {"kind": "failed", "after": 1, "count": 1},
    {"kind": "done_without_created", "count": 1},
    {"kind": "split", "count": 2},
    {"kind": "late_deltas", "after": 3, "count": 2},
    {"kind": "drop", "how": "rst", "after": 3, "count": 1},
    {"kind": "preamble", "count": 1},
]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("speak"), st.sampled_from(["Yes please.", "mhm", "stop", LONG, ""])),
        st.tuples(st.just("time"), st.floats(0.05, 4.0)),
        st.tuples(st.just("script"), st.integers(0, len(REPLIES) - 1)),
        st.tuples(st.just("keys"), st.sampled_from(["1", "12#", "#"])),
        st.tuples(st.just("lose"), st.just(None)),
        st.tuples(st.just("fault"), st.integers(0, len(FAULTS) - 1)),
        st.tuples(st.just("resume"), st.just(None)),
    ),
    min_size=3,
    max_size=14,
)


class Watched(Sim):
    """Checks what must hold at every moment."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.cut: list[tuple[str, int]] = []

    def _do(self, actions: list[Any]) -> None:
        muted = self.call.voice.play.muted
        media = [a for a in actions if type(a).__name__ == "ToPhone" and '"media"' in a.frame[:20]]
        assert not (muted and self.call.voice.play.muted and media), "speaks while it is decided"
        super()._do(actions)

    def check_truncations(self) -> None:
        """Whatever was truncated was played up to there."""
        played = bytes(self.handset.heard)
        sessions = self.stage.sessions.values()
        audio = {i.wire["id"]: bytes(i.audio) for s in sessions for i in s.channel.conversation}
        for _, event in self.sent:
            if event["type"] != "conversation.item.truncate" or event["item_id"] not in audio:
                continue
            end = event["audio_end_ms"] * BYTES_PER_MS
            kept = audio[event["item_id"]]
            if len(kept) >= end >= 64:
                assert kept[end - 32 : end] in played, "cut where nobody has heard it"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.sampled_from([0.005, 0.08]), st.booleans())
def test_whatever_happens(steps: list[tuple[str, Any]], latency: float, transcribed: bool) -> None:
    changes: dict[str, Any] = {} if transcribed else {"audio__transcription": None}
    tools = random.Random(len(steps))

    def tool(name: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        return None if tools.random() < 0.1 else {"ok": True, "slots": []}

    sim = Watched(agent=agent(**changes), latency=latency, tool=tool, tool_s=0.2).start()
    sim.run(1.0)
    for kind, value in steps:
        if sim.ended is not None:
            break
        if kind == "speak":
            sim.speak(value or None, seconds=0.1 if not value else None)
        elif kind == "time":
            sim.run(value)
        elif kind == "script":
            sim.script(REPLIES[value])
        elif kind == "keys":
            sim.press(value)
        elif kind == "lose":
            sim.lose_model()
        elif kind == "fault":
            sim.stage.faults.add(Fault.parse(FAULTS[value]))
        elif kind == "resume":
            sim.resume()
        sim.run(0.05)
    sim.stage.faults.clear()
    sim.stage.script.clear()
    sim.stage.heard.clear()
    if sim.ended is None:
        # Left alone, the call is idle, is ended, or was given up: it never hangs.
        sim.until(lambda: sim.ended is not None or settled(sim), 60.0)
    assert {v["code"] for v in sim.violations} <= BENIGN, sim.violations
    assert str(sim.heard).count("Thank you for calling Harbor Dental, this is Mia") <= 1
    sim.check_truncations()


def settled(sim: Sim) -> bool:
    """Whether nothing is under way."""
    call = sim.call
    return (
        call.state.open_turn is None
        and not call.voice.play.pending
        and not call.sounds.barge.deciding
        and call.model.responses.gate.free
    )
