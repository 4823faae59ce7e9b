"""The words of an SMS, from config/rules/sms_words.csv: commands with their other spellings, topics, politeness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache, lru_cache
from itertools import product

from config import facts
from config.facts import Row
from config.vocabulary import SMS_COMMANDS, YES

SHORTEST_GLUED = 3
"""Letters of a word that is still found when it is stuck to another; shorter ones are in too many names."""

SHORTEST_FORGIVEN = 5
"""Letters of a command in which one slip is forgiven; shorter ones are one slip away from each other."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a spelling stands for, what may stand behind it, and which groups of digits there are one number."""

    word: str
    behind: str
    joins: str
    slips: bool


class Words:
    """The spellings of some rows, and the codes of acts that may be stuck to them; `staff` are of no use to others."""

    def __init__(self, rows: Iterable[Row], acts: Iterable[str] = ()) -> None:
        rows = tuple(rows)
        self.commands = {
            row["alias"]: Command(row["word"], row["behind"], row["joins"], row["slips"] == YES)
            for row in rows
            if row["word"] in SMS_COMMANDS
        }
        self.single = [alias for alias in self.commands if " " not in alias]
        self.topics = _of(rows, "TOPIC")
        self.opening = _of(rows, "OPENING")
        self.polite = _of(rows, "POLITE")
        self.acts = frozenset(acts)
        self.staff = frozenset(row["alias"] for row in rows if row["for"] == "STAFF")
        self.longest = max((alias.count(" ") + 1 for alias in self.commands), default=1)
        self._most_letters = max(map(len, self.single), default=0)
        self._ends = self._polite_ends()
        self.printed = {command.word: alias for alias, command in reversed(self.commands.items())}
        self.glued = dict(self._glued())
        self._near = self._one_letter_less()

    def command(self, said: Sequence[str]) -> tuple[Command, tuple[str, ...]] | None:
        """The command that `said` begins with, in the most words that make one, and what stands behind it."""
        for count in range(min(self.longest, len(said)), 0, -1):
            if found := self.commands.get(" ".join(said[:count])):
                return found, tuple(said[count:])
        return None

    def manners(self, said: Sequence[str]) -> int:
        """How many words at the end of `said` are politeness."""
        for polite in self._ends.get(said[-1], ()):
            if tuple(said[-len(polite) :]) == polite:
                return len(polite)
        return 0

    def slip(self, typed: str) -> Command | None:
        """The one command of which `typed` misses, adds, changes or moves a letter, if it forgives slips."""
        if not SHORTEST_FORGIVEN - 1 <= len(typed) <= self._most_letters + 1:
            return None
        meant = {alias for form in _forms(typed) for alias in self._near.get(form, ())}
        found = {self.commands[alias] for alias in meant}
        one = found.pop() if len(found) == 1 else None
        return one if one is not None and one.slips else None

    def near(self, typed: str, staff: bool) -> str | None:
        """The command that `typed` begins with or resembles, as it is printed; only `staff` sees theirs."""
        shown = [
            alias for alias in self.single if alias[0] == typed[0] and (staff or alias not in self.staff)
        ]
        begun = [alias for alias in shown if len(alias) >= SHORTEST_GLUED and typed.startswith(alias)]
        printed = [alias for alias in shown if self.printed[self.commands[alias].word] == alias]
        for close in (begun, get_close_matches(typed, printed, n=1), get_close_matches(typed, shown, n=1)):
            if close:
                return self.printed[self.commands[max(close, key=len)].word]
        return None

    def aliases(self, word: str) -> list[str]:
        """The spellings of a command, the longest first."""
        return sorted((one for one in self.single if self.commands[one].word == word), key=len, reverse=True)

    def _polite_ends(self) -> dict[str, list[tuple[str, ...]]]:
        ends: dict[str, list[tuple[str, ...]]] = {}
        for polite in sorted(self.polite):
            ends.setdefault(polite.split()[-1], []).append(tuple(polite.split()))
        return ends

    def _one_letter_less(self) -> dict[str, set[str]]:
        near: dict[str, set[str]] = {}
        for alias in self.commands:
            if len(alias) >= SHORTEST_FORGIVEN and " " not in alias:
                for form in _forms(alias):
                    near.setdefault(form, set()).add(alias)
        return near

    def _glued(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """STOPRAMED, CESMED, MERCIDROITS: two known words, unless together they are a word of the table themselves."""
        commands = _long(self.commands)
        behind = (*_long(self.topics), *_long(self.polite), *self.acts)
        known = self.commands.keys() | self.topics | self.opening | self.polite
        for pair in (
            *product(commands, behind),
            *product(self.acts, self.acts),
            *product(_long(self.polite), commands),
        ):
            if "".join(pair) not in known:
                yield "".join(pair), pair


def _long(aliases: Iterable[str]) -> list[str]:
    """The single words that are long enough to be found inside another."""
    return [alias for alias in aliases if len(alias) >= SHORTEST_GLUED and " " not in alias]


def _of(rows: Iterable[Row], word: str) -> frozenset[str]:
    return frozenset(row["alias"] for row in rows if row["word"] == word)


def _forms(word: str) -> set[str]:
    """`word`, and `word` without one of its letters: two words that share a form are one slip apart."""
    return {word} | {word[:place] + word[place + 1 :] for place in range(len(word))}


@lru_cache(maxsize=8)
def on(day: date) -> Words:
    """The words in force on a day."""
    return _with_acts(facts.SHIPPED.in_force("sms_words", day), facts.SHIPPED.in_force("acts", day))


@cache
def ever() -> Words:
    """The words of any day: what a message is made of does not hang on when it is read."""
    return _with_acts(facts.rows("sms_words"), facts.rows("acts"))


def _with_acts(rows: Iterable[Row], acts: Iterable[Row]) -> Words:
    return Words(rows, (act["code"] for act in acts))
