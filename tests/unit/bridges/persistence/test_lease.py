"""The right to speak in a call: fencing, also when Redis stalls."""

from __future__ import annotations

from typing import cast

import pytest

from app.adapters.calls.store import CallStore
from app.bridges.persistence.lease import CallLease, renew
from app.errors import Unavailable
from tests.support.bridge_desk import Store


def lease_of(store: Store, process: str = "p1") -> tuple[CallLease, list[str]]:
    lost: list[str] = []
    lease = CallLease(cast(CallStore, store), "call_1", process, lambda: lost.append(process))
    return lease, lost


def test_a_new_call_has_no_state_and_the_next_holder_gets_what_was_saved() -> None:
    store = Store()
    first, _ = lease_of(store)
    assert first.take() is None
    assert first.fence == 1
    store.state = {"turns": 3}
    second, _ = lease_of(store, "p2")
    assert second.take() == {"turns": 3}
    assert second.fence == 2
    first.close()
    second.close()


def test_a_newer_holder_ends_this_one_once() -> None:
    lease, lost = lease_of(Store())
    lease.take()
    lease.newer(1)
    assert lost == [], "its own number"
    lease.newer(2)
    lease.newer(3)
    assert lost == ["p1"]
    assert lease.lost
    assert not lease.ensure(), "it does not take the call back"


def test_a_stalled_redis_does_not_make_a_call_cut_itself() -> None:
    """The first command was given up and done all the same: the number it tells of is our own."""
    store = Store()
    store.stalled = 1
    lease, lost = lease_of(store)
    assert lease.take() is None
    assert lease.fence == 0
    assert lease.ensure()
    assert lease.fence == 2
    for process, fence in store.told:
        assert process == "p1"
        lease.newer(fence)
    assert lost == []
    lease.close()


def test_what_is_told_before_the_answer_is_weighed_when_it_comes() -> None:
    store = Store()
    store.stalled = 1
    lease, lost = lease_of(store)
    lease.take()
    lease.newer(2)
    assert lost == [], "it may be our own"
    assert lease.ensure()
    assert lease.fence == 2
    assert lost == []
    lease.close()
    other, lost = lease_of(store, "p2")
    other.newer(9)
    assert not other.ensure(), "somebody has a greater number"
    assert lost == ["p2"]


def test_without_a_store_the_call_goes_on_and_is_taken_later() -> None:
    store = Store()
    store.away = True
    lease, lost = lease_of(store)
    assert lease.take() is None
    with pytest.raises(Unavailable):
        lease.ensure()
    store.away = False
    assert lease.ensure()
    assert (lease.fence, lost) == (1, [])
    lease.close()


def test_a_renewal_that_finds_another_holder_ends_this_one() -> None:
    store = Store()
    lease, lost = lease_of(store)
    lease.take()
    renew([lease])
    assert lost == []
    store.fence = 5
    renew([lease])
    assert lost == ["p1"]


@pytest.mark.parametrize("over", [True, False])
def test_only_a_holder_releases(over: bool) -> None:
    store = Store()
    lease, _ = lease_of(store)
    lease.release(over=over)
    assert not store.released, "it never had the call"
    lease.take()
    lease.release(over=over)
    assert (store.released, store.ended) == (True, over)
    lost, _ = lease_of(store, "p2")
    lost.take()
    lost.lose()
    store.released = store.ended = False
    lost.release(over=True)
    assert (store.released, store.ended) == (False, False)
    lease.close()


def test_after_close_nobody_is_told() -> None:
    lease, lost = lease_of(Store())
    lease.take()
    lease.close()
    lease.newer(7)
    assert lost == []
