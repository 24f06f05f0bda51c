"""The model's client, without a connection."""

from __future__ import annotations

import httpx2
import pytest

from app.adapters import http
from app.adapters.realtime.client import RealtimeModel


def test_models_of_many_businesses_share_one_http_client(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    shared, begin = http.client(), httpx2.Client.__init__

    def count(self: httpx2.Client, *args: object, **options: object) -> None:
        made.append(self)
        begin(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(httpx2.Client, "__init__", count)
    for key in ("key_a", "key_b", "key_c"):
        RealtimeModel(api_key=key, model="gpt-realtime")

    assert made == []
    assert not shared.is_closed
