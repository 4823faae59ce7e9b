"""Cells that a spreadsheet opens as text: nobody's file may make it compute, fetch or run anything.

Spreadsheets take a cell for a formula when it begins with one of a few characters (OWASP, CSV injection). Such a cell
gets an apostrophe in front, and so does one that has an apostrophe there already, so that the way back is exact.
"""

from __future__ import annotations

TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""First characters that a spreadsheet may act on; the last four are the wide forms that some fold to ASCII."""

_GUARD = "'"
_GUARDED = (*TRIGGERS, _GUARD)


def safe_cell(text: str) -> str:
    """`text` as a cell that is only ever shown. Spaces in front hide nothing: they are looked behind."""
    return _GUARD + text if text.lstrip(" \0\ufeff").startswith(_GUARDED) else text


def plain_cell(cell: str) -> str:
    """The text that `safe_cell` made a cell of; any other cell as it is."""
    if cell[:1] == _GUARD and cell[1:].lstrip(" \0\ufeff").startswith(_GUARDED):
        return cell[1:]
    return cell
