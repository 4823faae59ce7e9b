"""How many a campaign reaches, as a subtraction: found, less each reason to be left out, is the people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from models.audiences import REASONS, Asked, by_sets, people
from models.database import Connection


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers found, numbers left out by their reason, people that stay; of those so many are held out."""

    found: int
    excluded: dict[str, int]
    people: int
    held_out: int

    def told(self) -> dict[str, Any]:
        """The subtraction, for programs."""
        return {
            "found": self.found,
            "excluded": self.excluded,
            "people": self.people,
            "held_out": self.held_out,
        }


def size(conn: Connection, asked: Asked) -> Size:
    """Count an audience in one statement. Raises BadFilter."""
    by_sets(conn)
    rows = people(asked).subquery("people")
    counted = select(rows.c.excluded, rows.c.hold_out, func.count().label("times"))
    found = conn.execute(counted.group_by(rows.c.excluded, rows.c.hold_out)).all()
    excluded = dict.fromkeys(REASONS, 0)
    for row in found:
        if row.excluded is not None:
            excluded[row.excluded] += row.times
    stay = [row for row in found if row.excluded is None]
    return Size(
        found=sum(row.times for row in found),
        excluded=excluded,
        people=sum(row.times for row in stay),
        held_out=sum(row.times for row in stay if row.hold_out),
    )
