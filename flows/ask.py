"""What a screen function is given: the words of the caller's language, the screen's arguments, the domain to ask.

What was read from the register on this hop is kept here, so that a look-up and its screen cost one select.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flows.context import Context
from models import coverage, phones
from models.coverage import Right
from models.phones import Caller


class Ask:
    """One hop's question to the tree.

    `args` are those of the screen being drawn or answered; `own` the households that the caller's phone is linked to;
    `today` the day in Bamako.
    """

    def __init__(self, context: Context, language: str, charset: str, own: tuple[int, ...] = ()) -> None:
        self.context = context
        self.today: date = context.today
        self.own = own
        self.args: dict[str, Any] = {}
        self._caller: Caller | None = None
        self._rights: dict[int, tuple[Right, ...]] = {}
        self.speak(language, charset)

    def speak(self, language: str, charset: str) -> None:
        """From here on texts come in this language."""
        self.language = language
        self.charset = charset
        self._texts = self.context.catalogues.texts(language)

    def t(self, text: str, **values: object) -> str:
        """`text` in the caller's language, with its `{values}` filled in."""
        written = self._texts.get(text, text)
        return written.format_map(values) if values else written

    def caller(self) -> Caller:
        """Who is calling, read once a hop. Raises models.database.DatabaseAway."""
        if self._caller is None:
            self._caller = phones.caller(self.context.db, self.context.keys, self.context.phone, self.today)
            self.keep(self._caller.rights)
        return self._caller

    def keep(self, rights: Iterable[Right]) -> None:
        """Remembers rights read on this hop, by person."""
        found: dict[int, list[Right]] = {}
        for right in rights:
            found.setdefault(right.person_id, []).append(right)
        self._rights.update({person: tuple(of_person) for person, of_person in found.items()})

    def rights_of(self, person_id: int) -> tuple[Right, ...]:
        """A person's rights, best first; a phone without a household is not told how large hers is.

        Raises models.database.DatabaseAway.
        """
        rights = self._rights.get(person_id)
        if rights is None:
            context = self.context
            rights = self._rights[person_id] = coverage.by_person(
                context.db, context.keys, person_id, self.today, counted=bool(self.own)
            )
        return rights

    def owns(self, right: Right) -> bool:
        """Whether the caller's phone is linked to this person's household: what she sees is then not masked."""
        return right.household_id in self.own
