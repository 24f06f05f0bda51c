"""The small linear model behind the intents: weights out of a data file, one sum per utterance.

The file (written by `intent_training`): zlib over one JSON line (`classes`, `bias`, `scale`,
`knots`), the features one a line, a zero byte, then one signed byte per feature and class.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from itertools import pairwise

MAGIC = b"intents1\n"
_SHIFT = 128


def pack(
    classes: Sequence[str],
    features: Sequence[str],
    weights: bytes,
    *,
    bias: Sequence[float],
    scale: float,
    knots: Sequence[tuple[float, float]],
) -> bytes:
    """The content of a data file. weights: features x classes signed bytes, times `scale`."""
    header = {
        "classes": list(classes),
        "bias": [round(value, 4) for value in bias],
        "scale": round(scale, 6),
        "knots": [[round(x, 4), round(y, 4)] for x, y in knots],
    }
    body = json.dumps(header).encode() + b"\n" + "\n".join(features).encode() + b"\0" + weights
    return MAGIC + zlib.compress(body, 9)


class LinearModel:
    """Multinomial logistic regression over binary features of unit length.

    The weights of one feature for all classes are one Python integer of 32-bit lanes, so scoring an
    utterance is one integer addition per feature.
    """

    def __init__(self, data: bytes) -> None:
        """data: a data file's content. Raises ValueError when it is none."""
        if not data.startswith(MAGIC):
            raise ValueError("not an intent weights file")
        header, _, body = zlib.decompress(data[len(MAGIC) :]).partition(b"\n")
        names, _, weights = body.partition(b"\0")
        fields = json.loads(header)
        self.classes: tuple[str, ...] = tuple(fields["classes"])
        self._bias: list[float] = fields["bias"]
        self._scale: float = fields["scale"]
        self.knots: list[tuple[float, float]] = [(x, y) for x, y in fields["knots"]]
        size = len(self.classes)
        self._lanes = struct.Struct(f"<{size}I")
        features = names.decode().split("\n")
        if len(weights) != len(features) * size:
            raise ValueError("the intent weights file is cut short")
        pack_lanes = self._lanes.pack
        self._weights = {
            feature: int.from_bytes(
                pack_lanes(*(((b + _SHIFT) & 255) for b in weights[i * size : (i + 1) * size])),
                "little",
            )
            for i, feature in enumerate(features)
        }

    def __len__(self) -> int:
        return len(self._weights)

    def probabilities(self, features: Iterable[str]) -> list[float]:
        """The probability of each class, in the order of `classes`."""
        weights = self._weights
        known = [weights[feature] for feature in features if feature in weights]
        count = len(known)
        lanes = self._lanes.unpack(sum(known).to_bytes(self._lanes.size, "little"))
        factor = self._scale / math.sqrt(count) if count else 0.0
        shift = _SHIFT * count
        scores = [
            (lane - shift) * factor + bias for lane, bias in zip(lanes, self._bias, strict=True)
        ]
        top = max(scores)
        exponents = [math.exp(score - top) for score in scores]
        total = sum(exponents)
        return [value / total for value in exponents]

    def confidence(self, probability: float) -> float:
        """A probability on the scale on which 0.75 is the point to act at.

        Straight lines between the knots that training has found on held-out folds.
        """
        for (x0, y0), (x1, y1) in pairwise(self.knots):
            if probability <= x1:
                return y0 + (y1 - y0) * (probability - x0) / (x1 - x0)
        return self.knots[-1][1]
