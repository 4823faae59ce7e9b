"""What an SMS asks for: the canonical word of a command, what stands behind it, and the numbers in it.

    message     = [greeting] ( number-list | command *( SP arg ) )
    number-list = number *( SP number )      one is verified, two to eight are a batch
    act         = code SP act *( SP arg )    the same as S code act

Reading is forgiving, writing is not: a number inside a sentence is looked up, a slip in DROITS is read as DROITS, but
nothing is noted, cancelled or stopped unless its command is spelt as the table has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from config.vocabulary import SMS_COMMANDS
from flows.sms import words
from flows.sms.figures import CODE_DIGITS, is_year
from flows.sms.normal import ASKED, normalise, plain_letters
from flows.sms.words import Command, Words
from models.identifiers import check_digit_ok, recognise

NOTHING, UNKNOWN, TOO_MANY = "NOTHING", "UNKNOWN", "TOO_MANY"

CANONICAL = frozenset((*SMS_COMMANDS, NOTHING, UNKNOWN, TOO_MANY))
"""Every word that a message may come to."""

MOST_NUMBERS = 8
"""Numbers in one message."""

FEWEST_DIGITS, MOST_DIGITS = 5, 15
"""Digits of what is taken for a number: one less than a code, so that a lost digit is named and not passed over."""

FEWEST_IN_A_SENTENCE = 8
"""Digits of a number that is found among words that are no command: the shortest that a scheme issues."""

STRAY_DIGITS = 2
"""Digits in a sentence that may be a count of people or days; more may be money, and the sentence is not understood."""

MENU_DIGITS = 2
"""Digits of an act in the menu."""

EXACT = ("TOPIC", "ANSWER", "DIGIT")
"""Kinds of commands that are none inside a sentence: STOP alone stops, STOP 123456 does not."""

ANSWERS = ("OUI", "NON")
"""Words that an offered answer begins with, for who copies it whole: `1 oui, rien paye`."""

LONGEST_COMPARED = 12
"""Letters of an unknown word that are compared with the table."""


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """One message understood.

    `word` is a word of SMS_COMMANDS, NOTHING, UNKNOWN or TOO_MANY. `args` are the plain words behind the command; for
    NUMBERS and RIGHTS those that are no numbers, for UNKNOWN the whole message. `numbers` have 5 to 15 digits each.
    `raw` is what was typed; for COMPLAIN what was typed behind the command.
    """

    word: str
    args: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    raw: str = ""

    def __repr__(self) -> str:
        return f"Said({self.word}, {len(self.args)} args, {len(self.numbers)} numbers)"


def parse(text: str, day: date) -> Said:
    """What `text` asks for, in the words in force on `day`. Never raises."""
    said, known, raw = tuple(normalise(text).split()), words.on(day), readable(text)
    understood = _understood(said, known, day)
    return replace(understood, raw=_behind_the_command(raw, known) if understood.word == "COMPLAIN" else raw)


def hint(said: Said, staff: bool = True) -> str | None:
    """The command that an UNKNOWN message is nearest to, as posters print it; None when none is near.

    Who is not `staff` is shown no command of the staff's.
    """
    if said.word != UNKNOWN or not said.args:
        return None
    return words.ever().near(said.args[0][:LONGEST_COMPARED], staff)


def stops(word: str) -> bool:
    """Whether `word` alone is a message that stops others."""
    found = words.ever().commands.get(word)
    return found is not None and found.word == "STOP"


def readable(text: str) -> str:
    """`text` as typed, without what no phone shows: control characters, marks of direction, half characters."""
    if text.isprintable():
        return text.strip()
    shown = (letter if letter.isprintable() else " " if letter.isspace() else "" for letter in text)
    return "".join(shown).strip()


def _understood(said: tuple[str, ...], known: Words, day: date) -> Said:
    if not said:
        return Said(NOTHING)
    if said[0] == ASKED:
        return Said("HELP")
    if said[0].isdigit():
        found = _figures_first(said, known)
    else:
        found = _commanded(said, known)
    return found or _in_a_sentence(said, day) or Said(UNKNOWN, said)


def _figures_first(said: tuple[str, ...], known: Words) -> Said | None:
    """A digit that answers a question, a code with an act or a command behind it, or numbers alone."""
    first, *rest = said
    if len(first) == 1 and first != "0" and (not rest or rest[0] in ANSWERS):
        return Said("CHOICE", (first,))
    if len(first) == CODE_DIGITS and rest:
        command = known.commands.get(rest[0])
        if command and command.behind == "FIGURES_FIRST" and len(rest) == 1:
            return Said(command.word, (first,), (first,))
        if _is_act(rest[0], first, known):
            return _with_numbers("ACT_DONE", said)
    return _numbers_alone(said) if all(map(str.isdigit, said)) else None


def _is_act(word: str, code: str, known: Words) -> bool:
    """An act or a digit of the menu is one behind any six digits, another word only behind a code without a slip."""
    if word.isdigit():
        return len(word) <= MENU_DIGITS
    return word in known.acts or (len(word) > 1 and check_digit_ok(code))


def _numbers_alone(said: tuple[str, ...]) -> Said | None:
    """A list of numbers, perhaps with a year of birth; None when some of it is no number."""
    numbers, others = _sorted(said)
    if not all(map(is_year, others)) or not any(len(number) >= CODE_DIGITS for number in numbers):
        return None
    return _verified(numbers, others)


def _commanded(said: tuple[str, ...], known: Words) -> Said | None:
    """A command with what stands behind it; None when there is none, or when it is a word of a sentence."""
    command, behind = known.command(said) or (known.slip(said[0]), said[1:])
    if command is None:
        return _with_numbers("ACT_DONE", _code_first(said)) if _is_act_then_code(said, known) else None
    if command.behind == "FIGURES_FIRST":
        behind = _code_first(behind) if _is_act_then_code(behind, known) else behind
        if behind and not behind[0].isdigit():
            return None
    if command.behind in EXACT:
        behind = tuple(word for word in behind if known.commands.get(word) != command)  # STOP STOP
        if not _fits(command, behind, known):
            return Said(UNKNOWN, said)
    return _with_its_args(command, behind)


def _is_act_then_code(said: Sequence[str], known: Words) -> bool:
    return len(said) > 1 and said[0] in known.acts and said[1].isdigit() and len(said[1]) == CODE_DIGITS


def _code_first(said: tuple[str, ...]) -> tuple[str, ...]:
    """CES 482913 is 482913 CES."""
    act, code, *rest = said
    return (code, act, *rest)


def _fits(command: Command, behind: tuple[str, ...], known: Words) -> bool:
    """Whether an exact word stands alone or with what it may have: a digit, a topic, an answer's topic or figures."""
    if command.behind == "DIGIT":
        return len(behind) == 1 and len(behind[0]) == 1 and behind[0] in "123456789"
    if command.behind == "TOPIC":
        return len(behind) <= 1 and known.topics.issuperset(behind)
    return all(word.isdigit() or word in known.topics for word in behind)


def _with_its_args(command: Command, behind: tuple[str, ...]) -> Said:
    if command.word == "NUMBERS":
        return _verified(*_sorted(behind))
    if command.word == "RIGHTS":
        numbers, others = _sorted(behind)
        return Said("RIGHTS", others, numbers)
    return _with_numbers(command.word, behind)


def _with_numbers(word: str, args: tuple[str, ...]) -> Said:
    return Said(word, args, _sorted(args)[0])


def _verified(numbers: tuple[str, ...], others: tuple[str, ...]) -> Said:
    """Numbers to verify, each once."""
    once = tuple(dict.fromkeys(numbers))
    return Said("NUMBERS" if len(once) <= MOST_NUMBERS else TOO_MANY, others, once)


def _sorted(said: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(numbers, other words)"""
    numbers: list[str] = []
    others: list[str] = []
    for word in said:
        is_number = word.isdigit() and FEWEST_DIGITS <= len(word) <= MOST_DIGITS
        (numbers if is_number else others).append(word)
    return tuple(numbers), tuple(others)


def _in_a_sentence(said: tuple[str, ...], day: date) -> Said | None:
    """Cards' numbers among other words, when no other figures say that something else is meant."""
    figures = [word for word in said if word.isdigit() and len(word) > STRAY_DIGITS and not is_year(word)]
    cards = [word for word in figures if len(word) >= FEWEST_IN_A_SENTENCE and recognise(word, day)]
    if not cards or len(cards) < len(figures) or len(cards) == len(said):
        return None
    return _verified(tuple(cards), _sorted(said)[1])


def _behind_the_command(raw: str, known: Words) -> str:
    """What was typed behind the word that files a complaint, in its own spelling."""
    plain = [(letter, place) for place, typed in enumerate(raw) for letter in plain_letters(typed)]
    spelt = "".join(letter for letter, _ in plain)
    for word in re.finditer("[A-Z]+", spelt):
        if end := _end_of_complain(word[0], known):
            return raw[plain[word.start() + end - 1][1] + 1 :].lstrip(" :;,.!?-")
    return raw


def _end_of_complain(word: str, known: Words) -> int:
    """How many letters of `word` it takes to the end of the command in it; 0 when it is not in there."""
    for alias in known.aliases("COMPLAIN"):
        if alias in word:
            return word.index(alias) + len(alias)
    meant = known.slip(word)
    return len(word) if meant and meant.word == "COMPLAIN" else 0
