"""Which scheme covers a person, where she registers, with which papers, what she still pays: one pure decision.

The decision table is config/rules/eligibility.csv: the first row whose conditions hold gives the scheme. What the
texts do not settle stands there too, marked `assumption`:

- Somebody whom the commune recognised as indigent is the RAMED's whatever work she says, because a mutual does not take
  charge of indigents and the certificate is the proof; only AMO and art. 6 come before.
- A spouse or child who is recognised in her own name opens her own right even if the family's is still to be asked for.
- A request for recognition that runs is followed at the mairie also by somebody who only says that she has no job.
- An emergency of somebody who has no right yet goes to care now, not to the mairie or the social service.
- Who opens the AMO by voluntary insurance opens it for dependants too, at the INPS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from config import facts
from config import vocabulary as words
from config.facts import Facts, NotInForce, Row
from models import gratuites, papers
from models.conditions import met, ready
from models.schemes import shares
from models.situations import BadCase, Situation, link

__all__ = ["BadCase", "Decision", "Situation", "decide"]

_WHO = (
    "link",
    "emploi",
    "opener_emploi",
    "voluntary",
    "opener_voluntary",
    "residence",
    "indigence",
    "opener_indigence",
    "service",
)
_EXTRA = (
    "scheme",
    "role",
    "emploi",
    "opener_emploi",
    "caisse",
    "opener_caisse",
    "residence",
    "indigence",
    "service",
    "souhait",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `row` names the rule that gave it; `reason` and `patient_pays` are French for the phone's screen.

    `documents` are codes of the table documents, `gratuites` codes in force. The fields from `action` on are None when
    they do not apply; `path` says where care begins, in French. `reason` takes at most 70 septets, `patient_pays` 64.
    """

    row: str
    scheme: str
    role: str
    register_at: str
    documents: tuple[str, ...]
    remaining_to_pay: str
    gratuites: tuple[str, ...]
    reason: str
    patient_pays: str
    action: str | None = None
    complement: str | None = None
    note: str | None = None
    collect_hint: str | None = None
    privacy: str | None = None
    path: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The decision for another programme; what does not apply is left out."""
        answer: dict[str, Any] = {
            "scheme": self.scheme,
            "role": self.role,
            "register_at": self.register_at,
            "documents": list(self.documents),
            "remaining_to_pay": self.remaining_to_pay,
            "gratuites": list(self.gratuites),
        }
        extras = ("action", "complement", "note", "collect_hint", "privacy", "path")
        answer |= {name: value for name in extras if (value := getattr(self, name)) is not None}
        return answer | {"reason": self.reason, "row": self.row}


def decide(situation: Situation, day: date, rules: Facts = facts.SHIPPED) -> Decision:
    """The decision for `situation` by the rules of `day`. Raises NotInForce before 2009-07-27, the law on the RAMED."""
    known = _known(situation)
    row = _deciding_row(situation, known, day, rules)
    scheme = row["scheme"]
    answered = known | {"scheme": scheme, "role": row["role"]}
    said = _said_of(scheme, day, rules)
    return Decision(
        row=row["row"],
        scheme=scheme,
        role=row["role"],
        register_at=_office(row["register_at"], known, day, rules),
        documents=_documents(row, situation, day, rules),
        remaining_to_pay=said["remaining_to_pay"],
        gratuites=tuple(gratuite.code for gratuite in gratuites.firing(situation, day, rules)),
        reason=row["reason"],
        patient_pays=said["patient_pays"],
        **_extras(answered, day, rules),
    )


def _known(situation: Situation) -> dict[str, str]:
    """The situation in the words of the tables' conditions."""
    own_fund = situation.caisse or words.UNKNOWN_FUND
    # A pension fund said of somebody who has no pension herself can only be the opener's.
    opener_fund = situation.ouvrant_caisse or (
        own_fund if situation.emploi != "PENSIONNE" else words.UNKNOWN_FUND
    )
    return {
        "emploi": situation.emploi,
        "opener_emploi": situation.ouvrant_emploi,
        "voluntary": _said(situation.assurance_volontaire_inps),
        "opener_voluntary": _said(situation.ouvrant_assurance_volontaire_inps),
        "residence": situation.residence,
        "indigence": situation.indigence,
        "opener_indigence": situation.ouvrant_indigence,
        "service": situation.service or words.NO_SERVICE,
        "souhait": situation.souhait or "",
        "caisse": own_fund,
        "opener_caisse": opener_fund,
    }


def _said(true: bool) -> str:
    return words.YES if true else words.NO


def _deciding_row(situation: Situation, known: dict[str, str], day: date, rules: Facts) -> Row:
    """The first row that holds. A relation is judged by the ages of the scheme that the row would give."""
    for rule in ready(rules, "eligibility", _WHO, day):
        exact = {"link": link(situation, _law_of(rule.row["scheme"]), day, rules)}
        if rule.is_met(known | exact, situation.age):
            return rule.row
    raise NotInForce(f"no rule of eligibility on {day}")


def _law_of(answer: str) -> str:
    """The scheme whose ages count: a RAMED that is still to be asked for has the RAMED's."""
    return "RAMED" if answer == "RAMED_A_DEMANDER" else answer


def _office(register_at: str, known: Mapping[str, str], day: date, rules: Facts) -> str:
    """Where one registers: as the row says, or the fund of the person's or the opener's work or pension."""
    if register_at == words.OWN_FUND:
        return _fund(known["emploi"], known["caisse"], day, rules)
    if register_at == words.OPENER_FUND:
        return _fund(known["opener_emploi"], known["opener_caisse"], day, rules)
    return register_at


def _fund(work: str, payer: str, day: date, rules: Facts) -> str:
    for row in rules.in_force("funds", day):
        if row["emploi"] == work and row["caisse"] in ("", payer):
            return row["register_at"]
    raise NotInForce(f"no fund for {work} on {day}")


def _documents(row: Row, situation: Situation, day: date, rules: Facts) -> tuple[str, ...]:
    if not row["papers"]:
        return ()
    by_link = row["papers"] == words.BY_LINK
    papers_set = link(situation, row["scheme"], day, rules) if by_link else row["papers"]
    return papers.of_set(row["scheme"], papers_set, day, rules)


def _said_of(scheme: str, day: date, rules: Facts) -> dict[str, str]:
    """What is left to pay, for a programme and for the phone, with the rates in force."""
    for row in rules.in_force("answers", day):
        if row["code"] == scheme:
            rates = shares(scheme, day, rules)
            try:
                return {
                    column: row[column].format_map(rates) for column in ("remaining_to_pay", "patient_pays")
                }
            except KeyError as missing:
                raise NotInForce(f"no share of {scheme} for {missing.args[0]} on {day}") from missing
    raise NotInForce(f"no answer {scheme} on {day}")


def _extras(answered: Mapping[str, str], day: date, rules: Facts) -> dict[str, str]:
    """What goes with the answer: of the rows that hold, the first for each field."""
    extras: dict[str, str] = {}
    for row in met(ready(rules, "extra_answers", _EXTRA, day), answered, None):
        extras.setdefault(row["field"], row["value"])
    return extras
