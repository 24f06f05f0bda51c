"""Agents and businesses written as YAML that people can edit."""

from __future__ import annotations

from typing import Any

import yaml

WIDTH = 100


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stand as they are read."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(data: Any) -> str:
    """Plain data as YAML, keys in their order; `yaml.safe_load` gives the same data back."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    return text.removesuffix("...\n") if not isinstance(data, dict | list) else text
