"""Records of audio calls are decided again in the same way, without anybody's voice in them."""

from __future__ import annotations

import random
from typing import Any, Self

import orjson
import pytest

from app.core.call import events
from app.core.record.entries import UNRECORDED, encode
from app.core.record.moments import Moments, expand
from app.core.record.replay import play
from app.errors import BadRequest
from app.protocol import twilio
from app.rehearsal.realtime_server.faults import Fault
from tests.support.audio_sim import SID, Sim, agent
from tests.unit.core.audio.test_call_chaos import FAULTS, LONG, REPLIES


class Recorded(Sim):
    """A call that is recorded as the bridge records it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.moments = Moments()
        self.written: list[bytes] = []

    def keep(self, entry: Any) -> None:
        self.written += [encode(at, self.streams, e) for at, e in self.moments.add(self.now, entry)]

    def begin(self, stream: str, state: dict[str, Any] | None) -> None:
        self.keep({"begin": {"channel": "twilio", "state": state, **self.setup(stream).to_json()}})

    def start(self) -> Self:
        self.begin(SID, None)
        return super().start()

    def resume(self) -> None:
        self.written += [encode(at, self.streams, e) for at, e in self.moments.close()]
        state = orjson.loads(orjson.dumps(self.call.to_state()))
        self.streams += 1
        self.begin("MZ2", state)
        self.streams -= 1
        super().resume()

    def _feed(self, event: events.Event) -> None:
        if self.ended is None or isinstance(event, events.FromPhone):
            self.keep(event)
        super()._feed(event)

    def _do(self, actions: list[events.Action]) -> None:
        for action in actions:
            if not isinstance(action, UNRECORDED):
                self.keep(action)
        super()._do(actions)

    def entries(self) -> list[dict[str, Any]]:
        self.written += [encode(at, self.streams, e) for at, e in self.moments.close()]
        return [orjson.loads(line) for line in self.written]


def random_call(seed: int) -> Recorded:
    dice = random.Random(seed)
    sim = Recorded(
        agent=agent(),
        latency=dice.choice([0.005, 0.08]),
        tool=lambda name, arguments: {"ok": True, "slots": []},
    )
    sim.start()
    sim.run(1.0)
    for _ in range(dice.randint(4, 9)):
        if sim.ended is not None:
            break
        what = dice.choice(["speak", "speak", "script", "keys", "lose", "fault", "resume"])
        if what == "speak":
            words = dice.choice(["Yes please.", "mhm", "stop", LONG, ""])
            sim.speak(words or None, seconds=None if words else 0.1)
        elif what == "script":
            sim.script(dice.choice(REPLIES))
        elif what == "keys":
            sim.press(dice.choice(["1", "12#"]))
        elif what == "lose":
            sim.lose_model()
        elif what == "fault":
            sim.stage.faults.add(Fault.parse(dice.choice(FAULTS)))
        else:
            sim.resume()
        sim.run(dice.choice([0.3, 1.0, 2.5]))
    return sim


@pytest.mark.parametrize("seed", range(12))
def test_random_calls_replay_bit_for_bit(seed: int) -> None:
    playback = play(random_call(seed).entries())
    assert playback.difference is None
    assert playback.events > 100
    assert playback.decisions > 50


def test_no_voice_is_in_the_record_and_it_is_small() -> None:
    sim = Recorded(agent=agent())
    sim.start()
    sim.run(20.0)
    record = sim.entries()
    moments = [entry for entry in record if "moments" in entry]
    assert len(orjson.dumps(moments)) < 20 * 2000
    assert not any("delta" in str(entry) and "audio.delta" in str(entry) for entry in record)


def test_a_changed_decision_is_found() -> None:
    entries = random_call(1).entries()
    moment = next(
        moment
        for entry in entries
        for moment in entry.get("moments", ())
        if len(moment) > 2 and isinstance(moment[2], int) and moment[2] > 0
    )
    moment[2] -= 1
    assert play(entries).difference is not None


def test_a_converted_call_needs_a_codec() -> None:
    setup = Recorded(agent=agent(audio__format="pcm")).setup(SID)
    begin = {"channel": "twilio", "state": None, **setup.to_json()}
    with pytest.raises(BadRequest, match="codec"):
        play([{"t": 1.0, "s": 1, "begin": begin}])


def test_moments_hold_what_they_were_given_in_its_order() -> None:
    moments = Moments()
    given: list[tuple[float, Any]] = [
        (10.0, events.FromPhone(twilio.Media(b"\x70" * 160, -1))),
        (10.0, events.ToPhone("x", 160)),
        (10.0, events.ToPhone("x", 0, "0:1")),
        (10.02, events.FromPhone(twilio.Mark("0:1"))),
        (10.04, events.Tick()),
        (10.04, events.ToModel(1, b"x", 480)),
        (10.05, events.Drain()),
        (10.05, events.ToPhone("x", 80)),
        (10.0501, events.Tick()),
    ]
    lines = [encode(at, 1, e) for now, entry in given for at, e in moments.add(now, entry)]
    lines += [encode(at, 1, e) for at, e in moments.close()]
    whole = [entry for line in lines for entry in expand(orjson.loads(line))]
    alone = [orjson.loads(encode(now, 1, entry)) for now, entry in given]
    assert whole == alone
    assert len(lines) < len(alone)
