"""From a screen to what the phone shows: pages that fit, with their navigation lines counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flows import gsm7
from flows.screens import End, Menu, Notice, Screen


def pages(screen: Screen, charset: str, back: str, more: str, fault: str = "") -> tuple[str, ...]:
    """The pages of `screen` as they are sent: each at most 160 septets, or 70 characters when it travels in UCS-2.

    A `fault` takes the place of the title, as on a screen that is shown again after a wrong key; a notice keeps its
    title too, which is its answer. On a screen of several pages the title carries the page's number, and pinned
    choices stand on each page. `back` and `more` are the words of the navigation lines in the person's language; `back`
    is empty where there is nowhere to go back to.
    """
    title = fault or screen.title
    flowing = list(screen.lines)
    if fault and isinstance(screen, Notice):
        flowing.insert(0, screen.title)
    pinned: list[str] = []
    foot = ""
    if not isinstance(screen, End):
        for choice in screen.choices:
            (pinned if choice.pinned else flowing).append(f"{choice.key} {choice.label}")
        if back:
            foot = f"0 {back}"
    if isinstance(screen, Menu) and screen.after:
        pinned.append(screen.after)
    whole = _text(title, *flowing, *pinned, foot)
    if len(whole) <= gsm7.SCREEN_SEPTETS and gsm7.is_plain(whole):
        return (whole,)
    sheet = _sheet(whole, charset)
    written = sheet.written(whole)
    used = sheet.size(written)
    if used <= sheet.most:
        return (written,)
    if used == len(written):
        # Every letter counts once, so nobody needs to look at them again.
        sheet = _Sheet(sheet.most, sheet.written, len)
    if written != whole:
        title, *flowing = map(sheet.written, (title, *flowing))
    if sheet.size(title) > sheet.most // 2:
        title, flowing = "", [title, *flowing]
    below = sheet.written(_text(*pinned, f"9 {more}", foot))
    below_last = sheet.written(_text(*pinned, foot))
    return _paged(sheet, title, flowing, below, below_last, not fault)


class _Sheet(NamedTuple):
    """The paper of one screen: how much stands on it, how a text is written there and how long that is."""

    most: int
    written: Callable[[str], str]
    size: Callable[[str], int]


_GSM7 = _Sheet(gsm7.SCREEN_SEPTETS, gsm7.fold, gsm7.septets)
_UCS2 = _Sheet(gsm7.SCREEN_UCS2, str, gsm7.ucs2_units)


def _sheet(text: str, charset: str) -> _Sheet:
    """UCS-2 when a text has letters that this phone asked for, else GSM-7."""
    return _UCS2 if gsm7.prefers_ucs2(text, charset) else _GSM7


def _broken(sheet: _Sheet, lines: list[str], longest: int) -> list[str]:
    """The lines, those that take more than `longest` broken between words."""
    if max(map(sheet.size, lines), default=0) <= longest:
        return lines
    short: list[str] = []
    for line in lines:
        while sheet.size(line) > longest:
            space = line.rfind(" ", 1, longest + 1)
            end = space if space > 0 else longest
            short.append(line[:end])
            line = line[end:].lstrip()
        short.append(line)
    return short


def _paged(
    sheet: _Sheet, title: str, flowing: list[str], below: str, below_last: str, numbered: bool
) -> tuple[str, ...]:
    """Fills one page after the other, with room for ` 9/9` behind the title and for the lines below."""
    room = sheet.most - sheet.size(_text(f"{title} 9/9", below))
    page: list[str] = []
    shown, left = [page], room
    for line in _broken(sheet, flowing, room - 1):
        taken = sheet.size(line) + 1
        if page and taken > left:
            page, left = [], room
            shown.append(page)
        page.append(line)
        left -= taken
    last = len(shown)
    return tuple(
        _text(
            f"{title} {number}/{last}".strip() if numbered else title,
            *lines,
            below if number < last else below_last,
        )
        for number, lines in enumerate(shown, 1)
    )


def _text(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def written(text: str, charset: str) -> str:
    """A text as it is sent: as it is in UCS-2 for a phone that asked for it, else in letters of GSM-7."""
    return _sheet(text, charset).written(text)
