"""The demonstration's fictional people as the files of config/demo tell them, and what each number is worth."""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from config.faults import Fault

FOLDER = Path(__file__).parent.parent / "config" / "demo"
_FROM_TODAY = re.compile(r"(?:([+-]\d+)y)?(?:([+-]\d+)d)?")


class BadDemo(Fault):
    """A file of the demonstration cannot be used; the message says where."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the demonstration promises of a phone or a number: the verdict, written in the data, and why."""

    phone: str | None
    number: str | None
    scheme: str | None
    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class StaffPhone:
    """A phone of the demonstration's staff: its facility, STAFF or CHIEF, and the facility's activation code."""

    phone: str
    facility: str
    role: str
    activation_code: str


def households() -> tuple[dict[str, Any], ...]:
    """Every household of people.toml, as told there."""
    return tuple(_people()["household"])


def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a CSV file of the folder: `facilities`, `mutuelles` or `staff`."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


def expected() -> tuple[Expected, ...]:
    """One row per number, with each phone of its household (None: no phone), and the strangers at the end."""
    known = [
        Expected(phone, right["number"], right["scheme"], right["verdict"], right["why"])
        for household in households()
        for right in household["right"]
        for phone in household.get("phones") or [None]
    ]
    strangers = [
        Expected(row.get("phone"), row.get("number"), row.get("scheme"), row["verdict"], row["why"])
        for row in _people()["stranger"]
    ]
    return (*known, *strangers)


def staff() -> tuple[StaffPhone, ...]:
    """The phones of staff.csv."""
    codes = {row["name"]: row["activation_code"] for row in table("facilities")}
    return tuple(
        StaffPhone(row["phone"], row["facility"], row["role"], codes[row["facility"]])
        for row in table("staff")
    )


def on_day(told: date | str | None, today: date) -> date | None:
    """A day of the file: fixed, or years and days from `today` such as `-14y+30d`. Raises BadDemo."""
    if told is None or isinstance(told, date):
        return told
    parts = _FROM_TODAY.fullmatch(told)
    if not told or parts is None:
        raise BadDemo(f"{told!r} is neither a day nor a distance such as -14y+30d")
    years, days = (int(part or 0) for part in parts.groups())
    # 29 February has no counterpart in most years; the day before has one in all.
    leap_day = (today.month, today.day) == (2, 29)
    start = today - timedelta(days=1) if leap_day and years else today
    return start.replace(year=start.year + years) + timedelta(days=days)


@lru_cache(maxsize=1)
def _people() -> dict[str, Any]:
    try:
        return tomllib.loads((FOLDER / "people.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as fault:
        raise BadDemo(f"people.toml cannot be read: {fault}") from fault
