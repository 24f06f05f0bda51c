"""A call that goes on has the agent that it began with, whatever the directory says by now."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, cast

import pytest

from app.adapters.audio.prerecorded import LineStore
from app.adapters.tokens.socket import Opened
from app.bridges.channels.live_call import Channel
from app.bridges.channels.retell import POLICY, RetellChannel
from app.bridges.channels.twilio import PhoneChannel
from app.bridges.persistence import kept_call
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked, Directory, VersionGone
from app.core.agent.reference import AgentRef
from app.errors import Unavailable
from tests.support.audio_sim import agent as audio_agent
from tests.support.bridge_desk import Desk, Store
from tests.support.simulated_call import make_agent
from tests.unit.bridges.channels.test_phone_channel import START, Lines

OLD, NEW = "You sell cakes.", "You sell bread."


class Versions(Directory):
    """A directory whose old version is somewhere else."""

    def __init__(self, new: Agent, old: Agent | None, away: int = 0) -> None:
        super().__init__([new], default=new)
        self.asked: list[AgentRef] = []
        self._old = old
        self._away = away

    def find(self, who: AgentRef) -> Agent:
        """Fetch the old version."""
        self.asked.append(who)
        if len(self.asked) <= self._away:
            raise Unavailable
        if self._old is None:
            raise VersionGone("the version is not kept any more")
        return self._old


def text_channel(new: Agent) -> Channel:
    return RetellChannel()


def audio_channel(new: Agent) -> Channel:
    return PhoneChannel(START, new, {}, cast(LineStore, Lines()))


CHANNELS = pytest.mark.parametrize(
    ("make", "channel"), [(make_agent, text_channel), (audio_agent, audio_channel)]
)
Make = Callable[[], Agent]
MakeChannel = Callable[[Agent], Channel]


def interrupted(make: Make, channel: MakeChannel) -> tuple[Store, Agent]:
    """The store after a call whose connection broke, and its agent."""
    old = make().model_copy(update={"instructions": OLD})
    old = old.of(old.home, "v1")
    one = Desk(channel(old), old)
    one.until(lambda: one.store.state is not None)
    one.end(None)
    return one.store, old


def resumed(store: Store, old: Agent, channel: MakeChannel, agents: Versions) -> Desk:
    """The call on a new socket, in a process that has these agents."""
    new = agents.all[0]
    two = Desk(channel(new), new, store=store, process="p2")
    two.live.services.agents = agents  # type: ignore[misc]
    two.live.kept._agents = agents
    return two


def renewed(old: Agent) -> Agent:
    return old.model_copy(update={"instructions": NEW}).of(old.home, "v2")


@CHANNELS
def test_the_version_is_kept_over_a_reconnect(make: Make, channel: MakeChannel) -> None:
    store, old = interrupted(make, channel)
    assert cast(Any, store.state)["agent_ref"]["version"] == "v1"
    agents = Versions(renewed(old), old, away=1)
    two = resumed(store, old, channel, agents)
    two.until(lambda: two.session.got)
    assert OLD in str(two.session.got)
    assert NEW not in str(two.session.got)
    assert [each.version for each in agents.asked] == ["v1", "v1"]
    assert agents.route(Asked()).agent.instructions == NEW
    two.end(None)
    assert cast(Any, store.state)["agent_ref"]["version"] == "v1"


@CHANNELS
def test_while_it_cannot_be_fetched_the_caller_may_come_back(
    make: Make, channel: MakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_call, "FETCH_AGAIN_S", 0.01)
    store, old = interrupted(make, channel)
    agents = Versions(renewed(old), old, away=99)
    two = resumed(store, old, channel, agents)
    two.greenlet.join(10)
    assert two.ws.aborted
    assert len(agents.asked) == kept_call.FETCHES
    assert two.model.sessions == []
    assert not store.ended


def test_one_that_is_gone_ends_the_call() -> None:
    store, old = interrupted(make_agent, text_channel)
    two = resumed(store, old, text_channel, Versions(renewed(old), None))
    two.until(lambda: two.ws.close_code is not None)
    assert two.ws.close_code == POLICY
    assert "not kept any more" in store.fields["refused"]
    assert two.model.sessions == []


def test_another_businesss_token_does_not_take_the_call_up() -> None:
    store, old = interrupted(make_agent, text_channel)
    salon = RetellChannel(opened=Opened(hashlib.sha256(b"salon").hexdigest()[:24]))
    two = resumed(store, old, lambda new: salon, Versions(renewed(old), old))
    two.until(lambda: two.ws.close_code is not None)
    assert two.ws.close_code == POLICY
    assert two.model.sessions == []
    assert not store.ended
    assert "refused" not in store.fields
