"""Where people live, as a subquery: commune, cercle and region of every place code, by their folded names.

Names and not codes, because the divisions of 2021 and 2023 give the same codes to different places.
"""

from __future__ import annotations

from sqlalchemy import Subquery, and_, exists, func, select, union_all

from models.database import Connection
from models.places import CERCLE, COMMUNE, FORMER, PRESENT, REGION, places

_place, _parent, _grand = places.alias("place"), places.alias("parent"), places.alias("grand")
_above = _place.outerjoin(
    _parent, and_(_parent.c.division == _place.c.division, _parent.c.code == _place.c.parent)
).outerjoin(_grand, and_(_grand.c.division == _parent.c.division, _grand.c.code == _parent.c.parent))
_named = select(
    _place.c.code,
    _place.c.folded.label("commune"),
    func.coalesce(_parent.c.folded, _place.c.folded).label("cercle"),
    func.coalesce(_grand.c.folded, _parent.c.folded, _place.c.folded).label("region"),
).select_from(_above)
_present = places.alias("present")
_taken = exists().where(
    _present.c.division == PRESENT, _present.c.level == COMMUNE, _present.c.code == _place.c.code
)


def homes() -> Subquery:
    """(code, commune, cercle, region) of every place where a person may be registered; the names are folded."""
    today = _named.where(_place.c.division == PRESENT, _place.c.level == COMMUNE)
    before = _named.where(_place.c.division == FORMER, _place.c.level.in_((CERCLE, COMMUNE)), ~_taken)
    return union_all(today, before).subquery("homes")


LEVELS = {"region": REGION, "cercle": CERCLE, "commune": COMMUNE}
"""Columns of `homes` by the level of the place that they name."""


def folded_names(conn: Connection, level: str) -> frozenset[str]:
    """The folded names of every region, cercle or commune of the present division."""
    asked = select(places.c.folded).where(places.c.division == PRESENT, places.c.level == LEVELS[level])
    return frozenset(conn.execute(asked).scalars())
