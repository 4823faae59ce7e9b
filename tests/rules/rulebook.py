"""A copy of the rule tables that a test may change, one row at a time, as somebody does who follows a decree."""

import csv
import shutil
from pathlib import Path

from config import facts
from config.facts import Facts


def copied(folder: Path) -> Path:
    target = folder / "rules"
    shutil.copytree(facts.SHIPPED.folder, target)
    return target


def changed(folder: Path, table: str, where: dict[str, str], **cells: str) -> Facts:
    """The rules in `folder` after writing `cells` (`to_` stands for the column `to`) into the one row that fits."""
    path = folder / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    (row,) = [row for row in rows if all(row[column] == value for column, value in where.items())]
    row.update({column.rstrip("_"): value for column, value in cells.items()})
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return Facts(folder)
