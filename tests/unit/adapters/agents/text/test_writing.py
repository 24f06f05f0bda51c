"""Data as YAML that people can edit."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.agents.text.writing import to_yaml

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(plain)
def test_what_is_written_is_read_back(data: Any) -> None:
    assert yaml.safe_load(to_yaml(data)) == data


def test_long_texts_stand_as_they_are_read() -> None:
    assert to_yaml({"b": "one\ntwo\n", "a": "12"}) == "b: |\n  one\n  two\na: '12'\n"
    assert to_yaml("Straße") == "Straße\n"
