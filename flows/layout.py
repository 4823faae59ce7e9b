"""From a screen to what the phone shows: pages that fit, with their navigation lines counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from flows import gsm7
from flows.screens import Choice, End, Menu, Notice, Screen


class Navigation(NamedTuple):
    """The words of the navigation lines in the person's language, and whether there is somewhere to go back to."""

    back: str
    more: str
    can_go_back: bool


def pages(screen: Screen, charset: str, navigation: Navigation, fault: str = "") -> tuple[str, ...]:
    """The pages of `screen` as they are sent: each at most 160 septets, or 70 characters when it travels in UCS-2.

    A `fault` takes the place of the title, as on a screen that is shown again after a wrong key; a notice keeps its
    title too, which is its answer. On a screen of several pages the title carries the page's number, and pinned
    choices stand on each page.
    """
    choices: tuple[Choice, ...] = () if isinstance(screen, End) else screen.choices
    title = fault or screen.title
    kept = [screen.title] if fault and isinstance(screen, Notice) else []
    flowing = [*kept, *screen.lines, *(_line(choice) for choice in choices if not choice.pinned)]
    pinned = [_line(choice) for choice in choices if choice.pinned]
    if isinstance(screen, Menu) and screen.after:
        pinned.append(screen.after)
    foot = [] if isinstance(screen, End) or not navigation.can_go_back else [f"0 {navigation.back}"]
    whole = _text([title, *flowing, *pinned, *foot])
    sheet = _Sheet.of(whole, charset)
    whole = sheet.written(whole)
    if sheet.size(whole) <= sheet.most:
        return (whole,)
    title, *flowing = map(sheet.written, (title, *flowing))
    if sheet.size(title) > sheet.most // 2:
        title, flowing = "", [title, *flowing]
    below = sheet.written(_text([*pinned, f"9 {navigation.more}", *foot]))
    below_last = sheet.written(_text([*pinned, *foot]))
    return _paged(sheet, title, flowing, below, below_last, not fault)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The paper of one screen: UCS-2 when its text has letters that this phone asked for, else GSM-7."""

    wide: bool

    @classmethod
    def of(cls, whole: str, charset: str) -> _Sheet:
        return cls(gsm7.prefers_ucs2(whole, charset))

    @property
    def most(self) -> int:
        return gsm7.SCREEN_UCS2 if self.wide else gsm7.SCREEN_SEPTETS

    def written(self, text: str) -> str:
        return text if self.wide else gsm7.fold(text)

    def size(self, written: str) -> int:
        return gsm7.ucs2_units(written) if self.wide else gsm7.septets(written)

    def broken(self, lines: Iterable[str], longest: int) -> list[str]:
        """The lines, those that take more than `longest` broken between words."""
        short: list[str] = []
        for line in lines:
            while self.size(line) > longest:
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
    fixed = sheet.size(_text([f"{title} 9/9", below]))
    shown: list[list[str]] = [[]]
    used = fixed
    for line in sheet.broken(flowing, sheet.most - fixed - 1):
        size = sheet.size(line) + 1
        if shown[-1] and used + size > sheet.most:
            shown.append([])
            used = fixed
        shown[-1].append(line)
        used += size
    last = len(shown)
    titles = (f"{title} {number}/{last}".strip() if numbered else title for number in range(1, last + 1))
    return tuple(
        _text([heading, *lines, below_last if lines is shown[-1] else below])
        for heading, lines in zip(titles, shown, strict=True)
    )


def _line(choice: Choice) -> str:
    return f"{choice.key} {choice.label}"


def _text(lines: list[str]) -> str:
    return "\n".join(line for line in lines if line)


def written(text: str, charset: str) -> str:
    """A text as it is sent: as it is in UCS-2 for a phone that asked for it, else in letters of GSM-7."""
    return _Sheet.of(text, charset).written(text)
