"""How sure a difference between two shares is: Newcombe's interval, from Wilson's of each share.

R. G. Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10. It holds for small groups and for shares near 0,
where the usual formula does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z = 1.959963984540054
"""Of the normal distribution: 95 in a hundred lie within."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first share less the second, and the 95 % interval around it. All between -1 and 1."""

    value: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether no difference at all lies outside of the interval."""
        return self.low > 0 or self.high < 0


def wilson(found: int, among: int) -> tuple[float, float]:
    """The 95 % interval of a share, `found` of `among`. Raises ValueError unless 0 <= found <= among and among > 0."""
    if not 0 <= found <= among or not among:
        raise ValueError(f"{found} of {among}")
    share = found / among
    middle = share + Z * Z / (2 * among)
    half = Z * sqrt(share * (1 - share) / among + Z * Z / (4 * among * among))
    whole = 1 + Z * Z / among
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def difference(found: int, among: int, other_found: int, other_among: int) -> Difference:
    """The share of one group less that of another, independent one. Raises ValueError for an empty group."""
    (low, high), (other_low, other_high) = wilson(found, among), wilson(other_found, other_among)
    share, other = found / among, other_found / other_among
    value = share - other
    return Difference(
        value,
        max(-1.0, value - sqrt((share - low) ** 2 + (other_high - other) ** 2)),
        min(1.0, value + sqrt((high - share) ** 2 + (other - other_low) ** 2)),
    )
