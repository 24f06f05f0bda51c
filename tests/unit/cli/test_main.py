"""`python -m app`: every command is there, says what it does, and tells errors in one line."""

from __future__ import annotations

import importlib

import pytest

from app.__main__ import COMMANDS, main


def module_of(name: str) -> str:
    return "app.cli." + name.replace("-", "_")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(module_of(name))
    assert name == module.NAME
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert module.__doc__ is not None
    assert module.__doc__.strip().splitlines()[0] in capsys.readouterr().out


def test_the_list_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    for name in COMMANDS:
        assert importlib.import_module(module_of(name)).HELP[:40] in " ".join(out.split())


def test_without_a_command_they_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["fly"])
    assert stopped.value.code == 2
    assert "fly" in capsys.readouterr().err


def test_an_error_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "many")
    assert main(["call", "booking"]) == 1
    assert capsys.readouterr().err == "call: PORT must be a whole number from 1 to 65535\n"


def test_a_missing_scenario_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "nothing-like-that"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "booking" in error
