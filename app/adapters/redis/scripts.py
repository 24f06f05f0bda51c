"""Lua scripts: each is a file, and its keys and arguments have names on both sides.

A file `lua/NAME.lua` begins with comments that say what the script does and gives, then declares
what it is given and which shared parts it uses::

    --@ keys effect open
    --@ args member worker lease_s
    --@ rest fields
    --@ use clock

Keys and arguments are locals of the script by these names; `rest` is a table of whatever else was
given. Shared parts are the files of `app/adapters/redis/lua` of that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from redis import Redis

SHARED = Path(__file__).parent
"""The folder of the scripts that several packages use."""
_DECLARES = "--@ "


@dataclass(frozen=True, slots=True)
class LuaScript:
    """A script and the names of what it is given, in order."""

    name: str
    source: str
    keys: tuple[str, ...]
    args: tuple[str, ...]
    has_rest: bool = False

    def order(
        self, keys: Mapping[str, Any], args: Mapping[str, Any], rest: Sequence[Any] = ()
    ) -> tuple[list[Any], list[Any]]:
        """KEYS and ARGV. Raises `TypeError` where a name is missing or unknown."""
        if (
            len(keys) != len(self.keys)
            or len(args) != len(self.args)
            or (rest and not self.has_rest)
        ):
            raise TypeError(f"{self.name} takes keys {self.keys} and arguments {self.args}")
        try:
            return [keys[name] for name in self.keys], [*[args[name] for name in self.args], *rest]
        except KeyError as missing:
            raise TypeError(f"{self.name} is not given {missing}") from None


class RedisScript:
    """A script that runs on one Redis, which is given its text once."""

    def __init__(self, redis: Redis, script: LuaScript) -> None:
        self._script = script
        self._run = redis.register_script(script.source)

    def __call__(
        self,
        keys: Mapping[str, Any],
        args: Mapping[str, Any],
        rest: Sequence[Any] = (),
        client: Any = None,
    ) -> Any:
        """Run it, or add it to the pipeline `client`."""
        names, values = self._script.order(keys, args, rest)
        return self._run(keys=names, args=values, client=client)


@cache
def load_script(folder: Path, name: str) -> LuaScript:
    """The script in `folder`/lua/`name`.lua."""
    text = (folder / "lua" / f"{name}.lua").read_text()
    declared = {"keys": "", "args": "", "rest": "", "use": ""}
    for line in text.splitlines():
        if line.startswith(_DECLARES):
            kind, _, names = line.removeprefix(_DECLARES).partition(" ")
            if kind not in declared:
                raise ValueError(f"{name}.lua declares {kind!r}")
            declared[kind] = f"{declared[kind]} {names}".strip()
    keys, args = (tuple(declared[kind].split()) for kind in ("keys", "args"))
    lines = [_locals("KEYS", keys), _locals("ARGV", args)]
    if declared["rest"]:
        lines.append(f"local {declared['rest']} = {{unpack(ARGV, {len(args) + 1})}}")
    lines += [(SHARED / "lua" / f"{part}.lua").read_text() for part in declared["use"].split()]
    source = "\n".join([*filter(None, lines), text])
    return LuaScript(name, source, keys, args, bool(declared["rest"]))


def _locals(table: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    values = ", ".join(f"{table}[{number}]" for number in range(1, len(names) + 1))
    return f"local {', '.join(names)} = {values}"
