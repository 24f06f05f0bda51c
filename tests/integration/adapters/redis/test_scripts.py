"""Every Lua script: declared names, no bare positions, and a server that takes it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from redis import Redis

from app.adapters.redis.scripts import SHARED, LuaScript, RedisScript, load_script

APP = SHARED.parents[1]
FILES = sorted(APP.rglob("lua/*.lua"))
#: Parts that other scripts use; they declare nothing.
PARTS = {"clock", "enqueue", "heard_of", "reply", "touch_report"}
SCRIPTS = [path for path in FILES if path.stem not in PARTS]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_the_server_takes_it(path: Path, redis: Redis) -> None:
    script = load_script(path.parents[1], path.stem)
    assert redis.script_load(script.source)
    assert script.keys, "a script says which keys it touches"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_says_what_it_does_and_names_what_it_is_given(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("-- ")
    assert "KEYS[" not in text
    assert "ARGV[" not in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_no_script_is_left_over() -> None:
    source = "\n".join(
        path.read_text() for root in (APP, APP.parent / "workers") for path in root.rglob("*.py")
    )
    loaded = {
        node.args[1].value
        for node in ast.walk(ast.parse(source.replace("from __future__ import annotations", "")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "load_script"
        and isinstance(node.args[1], ast.Constant)
    }
    assert loaded == {path.stem for path in SCRIPTS}


def test_names_are_checked() -> None:
    script = LuaScript("some", "return 1", ("one", "two"), ("first",))
    assert script.order({"two": "b", "one": "a"}, {"first": 1}) == (["a", "b"], [1])
    for keys, args, rest in (
        ({"one": "a"}, {"first": 1}, ()),
        ({"one": "a", "three": "b"}, {"first": 1}, ()),
        ({"one": "a", "two": "b"}, {}, ()),
        ({"one": "a", "two": "b"}, {"second": 1}, ()),
        ({"one": "a", "two": "b"}, {"first": 1}, ("more",)),
    ):
        with pytest.raises(TypeError, match="some"):
            script.order(keys, args, rest)


def test_names_rest_and_shared_parts(tmp_path: Path, redis: Redis) -> None:
    (tmp_path / "lua").mkdir()
    (tmp_path / "lua" / "sample.lua").write_text(
        "-- A sample.\n--@ keys here\n--@ args first\n--@ args second\n--@ rest others\n"
        "--@ use clock\n\nreturn {here, first, second, #others, others[2], stamp(1)}\n"
    )
    run = RedisScript(redis, load_script(tmp_path, "sample"))
    found = run({"here": "k"}, {"second": "b", "first": "a"}, ["x", "y"])
    assert found == [b"k", b"a", b"b", 2, b"y", b"1.000"]


def test_an_unknown_declaration_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lua").mkdir()
    (tmp_path / "lua" / "wrong.lua").write_text("--@ kees here\nreturn 1\n")
    with pytest.raises(ValueError, match="kees"):
        load_script(tmp_path, "wrong")
