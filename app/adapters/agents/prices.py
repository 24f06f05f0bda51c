"""Reads the shipped price table, or one given by path."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from app.core.call import cost
from app.errors import SettingsError

SHIPPED = Path(cost.__file__).parent / "data" / "prices.yaml"


@cache
def load(path: Path = SHIPPED) -> cost.PriceTable:
    """The price table. Raises SettingsError where the file is missing or malformed."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError([f"the price table {path} cannot be read: {error}"]) from None
    return cost.read(document)
