"""The kinds of screens, and where a key leads: what the functions of a branch return.

Menu      choices; may carry lines to read, and pages when it is long
Question  takes free text; may carry choices beside it
Notice    lines to read, with ways on
End       the last screen: the call is over
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from flows.ask import Ask
from flows.effects import Effect
from flows.session import Place


class Go(NamedTuple):
    """To another screen, with effects.

    `instead` leaves no way back to the present screen; `back` replaces the whole way back; `language` and `charset`
    change what the person reads from this screen on.
    """

    screen: str
    args: Mapping[str, Any] = MappingProxyType({})
    effects: tuple[Effect, ...] = ()
    instead: bool = False
    back: tuple[Place, ...] | None = None
    page: int = 0
    language: str | None = None
    charset: str | None = None

    @property
    def place(self) -> Place:
        """The screen as a place in the session."""
        return Place(self.screen, dict(self.args), self.page)


class Refused(Exception):
    """What was typed cannot be taken: the same screen again, with this text (already translated) on line 1."""


RESERVED_KEYS = frozenset({"9", "98", "99"})
"""Digits that mean the same on every screen and so can number nothing."""


def numbers() -> Iterator[str]:
    """The digits of a list: 1 to 8, then 10 and on."""
    return (str(number) for number in range(1, 100) if str(number) not in RESERVED_KEYS)


Target = str | Go | Callable[["Ask"], Go]
"""Where a choice leads: a screen's name, a ready Go, or a function that asks the domain first."""


class Choice(NamedTuple):
    """One numbered line. A `pinned` choice is repeated on every page of a long screen.

    `alias` names what it does for a published dial string, whatever its digit on this screen: `@code`.
    """

    key: str
    label: str
    to: Target
    pinned: bool = False
    alias: str = ""


class Menu(NamedTuple):
    """Numbered choices under a title; lines to read stand before them, an `after` line behind them on each page.

    `doors` are digits kept for what is not open yet: digit to its name.
    """

    title: str
    choices: tuple[Choice, ...]
    lines: tuple[str, ...] = ()
    after: str = ""
    doors: Mapping[str, str] = MappingProxyType({})


class Question(NamedTuple):
    """Free text, taken by `accept(ask, typed)`: a Go, or Refused is raised. `samples` are for the explorer."""

    title: str
    accept: Callable[[Ask, str], Go]
    samples: tuple[str, ...]
    choices: tuple[Choice, ...] = ()
    lines: tuple[str, ...] = ()


class Notice(NamedTuple):
    """Something to read, with ways on."""

    title: str
    lines: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    doors: Mapping[str, str] = MappingProxyType({})


class End(NamedTuple):
    """The last screen of the call."""

    title: str
    lines: tuple[str, ...] = ()


Screen = Menu | Question | Notice | End


@dataclass(frozen=True, slots=True)
class Kind:
    """What a screen function says of itself.

    `question`: it takes free text, so that a long number typed there is not a card to check; `form`: part of a form,
    which a later call may continue; `private`: never told by SMS; `keys`: its choices alone, when they cost no look at
    the register and the rest does; `read_first`: no dial string answers it, only who has read it.
    """

    draw: Callable[[Ask], Screen]
    question: bool = False
    form: bool = False
    private: bool = False
    keys: Callable[[Ask], tuple[Choice, ...]] | None = None
    read_first: bool = False


def screen(
    *,
    question: bool = False,
    form: bool = False,
    private: bool = False,
    keys: Callable[[Ask], tuple[Choice, ...]] | None = None,
    read_first: bool = False,
) -> Callable[[Callable[[Ask], Screen]], Kind]:
    """Marks a function as a screen; its name is `<module>.<function>`, as the session and the funnel store it."""
    return lambda draw: Kind(draw, question, form, private, keys, read_first)
