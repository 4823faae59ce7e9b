"""From a screen to what the phone shows: pages that fit, with their navigation lines counted."""

from __future__ import annotations

from dataclasses import dataclass

from flows import gsm7
from flows.screens import Choice, End, Menu, Screen


@dataclass(frozen=True, slots=True)
class Navigation:
    """The words of the navigation lines in the person's language, and whether there is somewhere to go back to."""

    back: str
    more: str
    can_go_back: bool


def pages(screen: Screen, charset: str, navigation: Navigation, fault: str = "") -> tuple[str, ...]:
    """The pages of `screen`: each at most 160 septets (70 characters in UCS-2), navigation lines included.

    A `fault` takes the place of the title, as on a screen that is shown again after a wrong key. On a screen of several
    pages the title carries the page's number and pinned choices stand on each page.
    """
    choices: tuple[Choice, ...] = () if isinstance(screen, End) else screen.choices
    title = fault or screen.title
    flowing = _broken([*screen.lines, *(_line(choice) for choice in choices if not choice.pinned)], charset)
    pinned = [_line(choice) for choice in choices if choice.pinned]
    if isinstance(screen, Menu) and screen.after:
        pinned.append(screen.after)
    foot = [] if isinstance(screen, End) or not navigation.can_go_back else [f"0 {navigation.back}"]
    whole = _text([title, *flowing, *pinned, *foot])
    if _fits(whole, charset):
        return (whole,)
    more = f"9 {navigation.more}"
    if len(title) > _half(charset):
        title, flowing = "", [*_broken([title], charset), *flowing]
    return _paged(title, flowing, pinned, foot, more, charset)


def _paged(
    title: str, flowing: list[str], pinned: list[str], foot: list[str], more: str, charset: str
) -> tuple[str, ...]:
    """Fills one page after the other; the title's page numbers are reserved as ` 9/9`."""
    shown: list[list[str]] = [[]]
    for line in flowing:
        candidate = [f"{title} 9/9".strip(), *shown[-1], line, *pinned, more, *foot]
        if shown[-1] and not _fits(_text(candidate), charset):
            shown.append([])
        shown[-1].append(line)
    last = len(shown)
    return tuple(
        _text(
            [f"{title} {number}/{last}".strip(), *lines, *pinned, *([more] if number < last else []), *foot]
        )
        for number, lines in enumerate(shown, start=1)
    )


def _broken(lines: list[str], charset: str) -> list[str]:
    """Lines of at most half a screen, broken between words, so that a page can always take the next one."""
    most = _half(charset)
    short: list[str] = []
    for line in lines:
        while len(line) > most:
            space = line.rfind(" ", 1, most + 1)
            end = space if space > 0 else most
            short.append(line[:end])
            line = line[end:].lstrip()
        short.append(line)
    return short


def _half(charset: str) -> int:
    return (gsm7.SCREEN_UCS2 if charset == "UCS2" else gsm7.SCREEN_SEPTETS) // 2


def _line(choice: Choice) -> str:
    return f"{choice.key} {choice.label}"


def _text(lines: list[str]) -> str:
    return "\n".join(line for line in lines if line)


def _fits(text: str, charset: str) -> bool:
    used, most = gsm7.room(text, charset)
    return used <= most


def written(page: str, charset: str) -> str:
    """The page as it is sent: as it is in UCS-2 for a phone that asked for it, else in letters of GSM-7."""
    return page if gsm7.prefers_ucs2(page, charset) else gsm7.fold(page)
