"""Tables for the screen: columns as wide as what is in them, names to the left and figures to the right, never cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

GAP = "  "


def lines(header: Sequence[str], rows: Sequence[Sequence[str]], names: int = 1) -> Iterator[str]:
    """A header and rows as lines; the first `names` columns hold names."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        cells = [
            f"{cell:<{width}}" if place < names else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield GAP.join(cells).rstrip()
