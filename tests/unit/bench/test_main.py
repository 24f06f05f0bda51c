"""A benchmark that cannot be measured says so and fails."""

from __future__ import annotations

import sys

import pytest

from bench import __main__ as bench


def test_what_is_missing_is_named_and_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["bench", "webhooks", "sounds"])

    assert bench.main() == 1

    told = capsys.readouterr().err
    assert "wrk" in told
    assert "espeak-ng" in told
