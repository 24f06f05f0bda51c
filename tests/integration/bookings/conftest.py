"""The booking tools at one business's desk."""

from __future__ import annotations

import pytest

from tests.support.desk import Desk


@pytest.fixture
def desk(redis_url: str) -> Desk:
    return Desk(redis_url)
