"""The manual names every switch, fault and order."""

from __future__ import annotations

from pathlib import Path

from app.rehearsal.__main__ import parser
from app.rehearsal.realtime_server import control
from app.rehearsal.realtime_server.faults import KINDS
from app.rehearsal.realtime_server.stage import Stage
from tests.support.realtime_probe import Echo

MANUAL = (Path(__file__).parents[4] / "docs" / "rehearsal.md").read_text()


def test_every_fault_is_described() -> None:
    assert not [kind for kind in KINDS if f"`{kind}`" not in MANUAL]


def test_every_switch_is_described() -> None:
    switches = [flag for action in parser()._actions for flag in action.option_strings]
    assert not [flag for flag in switches if flag not in ("-h", "--help") and flag not in MANUAL]


def test_every_order_is_described() -> None:
    status, overview = control.handle(Stage(Echo()), "GET", "/control", b"")
    assert status == 200
    paths = {path.split(" ")[1] for path in overview["paths"]}
    assert not [path for path in paths if path not in MANUAL]
