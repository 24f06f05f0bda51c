"""Whatever a client sends in whatever order, the session keeps the protocol's promises."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.rehearsal.realtime_server.pace import Pace
from tests.support.realtime_probe import Probe, kinds

IDS = st.sampled_from(["it_1", "it_2", "it_3", "it_4"])
KINDS: list[dict[str, Any]] = [
    {"kind": "stall", "after": 2, "probability": 0.3},
    {"kind": "no_created", "probability": 0.2},
    {"kind": "failed", "after": 1, "probability": 0.3},
    {"kind": "incomplete", "after": 2, "probability": 0.3},
    {"kind": "error", "probability": 0.2},
    {"kind": "slow_cancel", "seconds": 2, "probability": 0.5},
    {"kind": "swap_done"},
    {"kind": "preamble"},
    {"kind": "split"},
    {"kind": "repeat_call"},
]
FAULTS = st.lists(st.sampled_from(KINDS), max_size=4, unique_by=lambda fault: fault["kind"])


class Client(RuleBasedStateMachine):
    """Every event is checked against the SDK's types by the probe."""

    @initialize(faults=FAULTS, audio=st.booleans())
    def connect(self, faults: list[dict[str, Any]], audio: bool) -> None:
        self.probe = Probe(*faults, pace=Pace(0.1, 0.2, 0.1, 0.1, 2.0))
        self.items: list[str] = []
        self.open: dict[str, list[str]] = {}
        self.asked = self.finished = self.refused = 0
        self.created: set[str] = set()
        self.done: set[str] = set()
        if not audio:
            self.probe.text_mode()

    def take(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What a client would keep of the events."""
        for event in events:
            match event["type"]:
                case "conversation.item.added":
                    at = 0
                    if event["previous_item_id"] is not None:
                        at = self.items.index(event["previous_item_id"]) + 1
                    self.items.insert(at, event["item"]["id"])
                case "conversation.item.deleted":
                    self.items.remove(event["item_id"])
                case "response.created":
                    assert event["response"]["id"] not in self.created
                    self.created.add(event["response"]["id"])
                case "response.output_item.added":
                    self.open.setdefault(event["response_id"], []).append(event["item"]["id"])
                case "response.output_item.done":
                    self.open[event["response_id"]].remove(event["item"]["id"])
                    assert event["item"]["status"] in ("completed", "incomplete")
                case "response.done":
                    response = event["response"]
                    assert response["id"] not in self.done
                    assert not self.open.get(response["id"])
                    assert response["status"] != "in_progress"
                    assert response["usage"]["total_tokens"] >= 0
                    self.done.add(response["id"])
                case "error":
                    self.refused += 1
        return events

    @rule(item_id=IDS, after=st.none() | st.just("root") | IDS, text=st.sampled_from(["a b", ""]))
    def user(self, item_id: str, after: str | None, text: str) -> None:
        fields = {} if after is None else {"previous_item_id": after}
        known = item_id in self.items
        lost = after not in (None, "root", *self.items)
        events = self.take(self.probe.user(text or "call look", item_id, **fields))
        if known or lost:
            assert "error" in kinds(events)
        else:
            assert item_id in self.items

    @rule(item_id=IDS)
    def delete(self, item_id: str) -> None:
        known = item_id in self.items
        events = self.take(self.probe.send("conversation.item.delete", item_id=item_id))
        assert ("conversation.item.deleted" in kinds(events)) == known

    @rule(aside=st.booleans())
    def create(self, aside: bool) -> None:
        events = self.probe.respond(conversation="none" if aside else "auto")
        self.take(events)

    @rule()
    def cancel(self) -> None:
        self.take(self.probe.send("response.cancel"))

    @rule(seconds=st.floats(0.01, 3))
    def wait(self, seconds: float) -> None:
        self.take(self.probe.advance(seconds))

    @rule(data=st.binary(max_size=40))
    def noise(self, data: bytes) -> None:
        assert "error" in kinds(self.take(self.probe.send_raw(data + b"\x00")))

    @invariant()
    def same_conversation(self) -> None:
        if hasattr(self, "probe"):
            assert [item.id for item in self.probe.session.channel.conversation] == self.items

    @invariant()
    def done_once_and_only_what_began(self) -> None:
        if hasattr(self, "probe"):
            vanished = any(f.fault.kind == "no_created" for f in self.probe.stage.faults)
            assert vanished or self.done <= self.created

    def teardown(self) -> None:
        if hasattr(self, "probe"):
            self.take(self.probe.advance(120))
            self.take(self.probe.send("response.cancel"))
            self.take(self.probe.advance(120))
            assert not any(self.open.values())
            assert self.probe.session.live


TestClient = Client.TestCase
TestClient.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
