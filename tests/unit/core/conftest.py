"""What several tests of calls begin with."""

from __future__ import annotations

import pytest

from tests.support.audio_sim import Sim


@pytest.fixture
def greeted() -> Sim:
    """A call whose greeting was heard, and whose lines are known."""
    sim = Sim().start()
    sim.until_silent(2.0)
    sim.sent.clear()
    sim.notes.clear()
    return sim
