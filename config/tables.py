"""The columns of every table under config/rules, and what each cell may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config import vocabulary as words
from config.columns import (
    Check,
    anything,
    day,
    matching,
    number,
    on_screen,
    one_of,
    optional,
    some_of,
    text,
    whole,
)

SHORT, LABEL, WHO, TO_PAY, REASON = 14, 28, 44, 64, 70
"""Septets of a paper in an SMS, of one on a list, of those a scheme is for, of what is left to pay, of a reason."""

PERCENT, YEARS = whole(0, 100), whole(0, 130)
YES_NO = one_of((words.YES, words.NO))
CODE = matching(r"[a-z][a-z_]*", "a code in small letters")
FREE_CARE = matching(r"G[0-9]{2}", "a code such as G01")
DIAL_STRING = matching(
    r"[0-9]+(\*([0-9]+|@[a-z]+|\{(number|member|months|commune|amount)\}|\{number\}/\{amount\}))*",
    "digits, @words and {number}, {member}, {months}, {commune} or {amount} with * between",
)
SCREEN = matching(r"[a-z_]+\.[a-z_]+", "a screen such as rights.person")
CALLER = one_of(("known", "unknown", "member", "any"))
OPERATOR = one_of(("ORANGE", "MOOV", "TELECEL", "AUTRE"))
CODE_OF_MONEY = matching(r"[A-Z]{2,8}", "two to eight capital letters")
LONGEST_MONEY = 14
"""Septets of the name of a mobile money service: it stands in screens and receipts that are full."""

CLOCK = matching(r"([01][0-9]|2[0-3]):[0-5][0-9]", "an hour such as 08:00, in Bamako")


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` in the file's order; rows with the same `key` must not be in force on the same day.

    A dated table has `from` and `to` before its columns (both days included, `to` empty while in force) and
    `source` behind them.
    """

    columns: Mapping[str, Check]
    key: tuple[str, ...] = ()
    dated: bool = True

    @property
    def all_columns(self) -> Mapping[str, Check]:
        """Every column with its check, in the file's order."""
        if not self.dated:
            return self.columns
        return {"from": day, "to": optional(day), **self.columns, "source": text}


def any_of(values: tuple[str, ...]) -> Check:
    """A condition: empty holds always, else one of the values must be the case."""
    return optional(some_of(values))


ABOUT_THE_PERSON: dict[str, Check] = {
    "link": any_of(words.LINKS),
    "emploi": any_of(words.WORK),
    "opener_emploi": any_of(words.WORK),
    "voluntary": optional(YES_NO),
    "opener_voluntary": optional(YES_NO),
    "residence": any_of(words.RESIDENCES),
    "indigence": any_of(words.INDIGENCE),
    "opener_indigence": any_of(words.INDIGENCE),
    "service": any_of((*words.SERVICES, words.NO_SERVICE)),
}

RULES = {
    "parameters": Table({"name": CODE, "value": number, "unit": text}, key=("name",)),
    "contribution_plans": Table(
        {
            "code": matching(r"[A-Z]{3,12}", "three to twelve capital letters"),
            "label": text,
            "rhythm": one_of(words.RHYTHMS),
            "window": optional(one_of(("MAIN", "SECOND"))),
            "crops": optional(matching(r"[A-Z]+(\|[A-Z]+)*", "crops such as MIL|MAIS")),
        },
        key=("code",),
    ),
    "number_shapes": Table(
        {
            "scheme": one_of(words.SCHEMES),
            "kind": one_of(("RECEPISSE", "CARTE", "ADHERENT", "MATRICULE")),
            "length": whole(6, 15),
            "starts": optional(matching(r"[0-9]+(\|[0-9]+)*", "first digits such as 54|55")),
            "check": one_of(("AUCUN", "DAMM")),
            "printed_examples": optional(matching(r"[0-9]+(\|[0-9]+)*", "numbers such as 123456|654321")),
        },
        key=("scheme", "kind"),
    ),
    "eligibility": Table(
        {
            "row": matching(r"[0-9]{1,2}[a-z]?", "a row such as 3 or 3b"),
            **ABOUT_THE_PERSON,
            "scheme": one_of(words.ANSWERS),
            "role": one_of(words.ROLES),
            "register_at": one_of((*words.OFFICES, words.OWN_FUND, words.OPENER_FUND)),
            "papers": optional(one_of((*words.PAPER_SETS, words.BY_LINK))),
            "reason": on_screen(REASON),
        },
        key=("row",),
    ),
    "extra_answers": Table(
        {
            "field": one_of(("action", "complement", "note", "collect_hint", "privacy", "path")),
            "value": text,
            "scheme": any_of(words.ANSWERS),
            "role": any_of(words.ROLES),
            "emploi": any_of(words.WORK),
            "opener_emploi": any_of(words.WORK),
            "caisse": any_of((*words.FUNDS, words.UNKNOWN_FUND)),
            "opener_caisse": any_of((*words.FUNDS, words.UNKNOWN_FUND)),
            "residence": any_of(words.RESIDENCES),
            "indigence": any_of(words.INDIGENCE),
            "service": any_of((*words.SERVICES, words.NO_SERVICE)),
            "souhait": any_of(words.SCHEMES),
        }
    ),
    "funds": Table(
        {
            "emploi": one_of(words.AMO_WORK),
            "caisse": any_of((*words.FUNDS, words.UNKNOWN_FUND)),
            "register_at": one_of(words.FUNDS),
        },
        key=("emploi", "caisse"),
    ),
    "papers": Table(
        {
            "scheme": one_of(words.ANSWERS),
            "set": one_of(words.PAPER_SETS),
            "documents": matching(r"[a-z_]+(\|[a-z_]+)*", "codes of documents with | between"),
        },
        key=("scheme", "set"),
    ),
    "documents": Table({"code": CODE, "label": text, "short": on_screen(LABEL)}, key=("code",)),
    "paper_codes": Table(
        {
            "code": matching(r"[A-Z]{2}", "two capital letters"),
            "documents": matching(r"[a-z_]+(\|[a-z_]+)*", "codes of documents with | between"),
            "sms": on_screen(SHORT),
            "asked": YES_NO,
        },
        key=("code",),
    ),
    "enrolment_roles": Table(
        {
            "role": one_of(("RAMED", "MUTUELLE", "STAFF", "CITIZEN")),
            "scheme": one_of(words.SCHEMES),
            "most": whole(0, 10_000),
            "days": whole(1, 3_650),
        },
        key=("role",),
    ),
    "enrolment_words": Table(
        {
            "word": matching(r"[A-Z]+", "capitals without accents"),
            "kind": one_of(("SEX", "LINK", "SCHEME", "LABEL")),
            "value": matching(r"[A-Z]+", "what it stands for"),
        },
        key=("word",),
    ),
    "pickup_places": Table(
        {"scheme": one_of(words.SCHEMES), "place": on_screen(SHORT), "hours": on_screen(LABEL)},
        key=("scheme",),
    ),
    "gratuites": Table(
        {
            "code": FREE_CARE,
            "label": text,
            "short": on_screen(LABEL),
            "status": one_of(("I", "P", "O")),
            "sensitive": YES_NO,
            "audience": on_screen(LABEL),
        },
        key=("code",),
    ),
    "gratuite_rules": Table(
        {
            "code": FREE_CARE,
            "service": any_of(words.SERVICES),
            "service_asked": optional(YES_NO),
            "age_below": optional(YEARS),
            "age_above": optional(YEARS),
            "enceinte": optional(YES_NO),
            "after_birth": optional(YES_NO),
            "eleve": optional(YES_NO),
        }
    ),
    "schemes": Table(
        {
            "code": one_of(words.SCHEMES),
            "name": on_screen(LABEL),
            "full_name": text,
            "manager": text,
            "payer_order": whole(1, 9),
            "who": on_screen(WHO),
            "where": on_screen(LABEL),
        },
        key=("code",),
    ),
    "cost_shares": Table(
        {
            "scheme": one_of(words.SCHEMES),
            "care": one_of(("AMBULATOIRE", "HOSPITALISATION", "CSCOM", "CSREF", "HOPITAL")),
            "patient_percent": PERCENT,
        },
        key=("scheme", "care"),
    ),
    "answers": Table(
        {
            "code": one_of(words.ANSWERS),
            "label": on_screen(LABEL),
            "patient_pays": on_screen(TO_PAY),
            "remaining_to_pay": text,
        },
        key=("code",),
    ),
    "dependant_ages": Table(
        {
            "scheme": one_of(words.SCHEMES),
            "age": YEARS,
            "needs": one_of(("CERTIFICAT_SCOLAIRE", "FIN_DE_DROIT")),
            "warn_days": whole(0, 365),
        },
        key=("scheme", "needs"),
    ),
    "registration_places": Table({"code": one_of(words.OFFICES), "label": on_screen(LABEL)}, key=("code",)),
    "retention": Table({"subject": CODE, "days": optional(whole(1, 36_500))}, key=("subject",)),
    "delivery_words": Table({"word": text, "means": one_of(words.DELIVERIES)}, key=("word",)),
    "delivery_reasons": Table(
        {"word": text, "means": matching(r"[A-Z][A-Z_]{0,23}", "capitals and _")}, key=("word",)
    ),
    "retry_reasons": Table(
        {
            "word": text,
            "what": one_of(("LATER", "AFTER_PAYMENT")),
            "after_minutes": whole(0, 10_080),
            "attempts": whole(1, 9),
        },
        key=("word",),
    ),
    "free_care_menu": Table(
        {
            "key": matching(r"[1-8]|1[0-9]", "a digit of the menu; 9 turns the page"),
            "label": text,
            "codes": matching(r"G[0-9]{2}(\|G[0-9]{2})*", "codes such as G01|G13"),
            "asks": optional(one_of(("AGE", "QUI"))),
        },
        key=("key",),
    ),
    "shortcuts": Table(
        {
            "string": DIAL_STRING,
            "walk": DIAL_STRING,
            "leads_to": SCREEN,
            "caller": CALLER,
            "sample": matching(r"[0-9A-Z*-]+", "a string to dial"),
        },
        key=("string", "caller"),
    ),
    "acts": Table(
        {
            "code": matching(r"[A-Z]{3}", "three capital letters"),
            "label": on_screen(LABEL),
            "digit": optional(matching(r"[1-9]", "a digit of the menu")),
            "sensitive": YES_NO,
            "amount_fcfa": whole(0, 9_999_999),
        },
        key=("code",),
    ),
    "efforts": Table(
        {
            "task": text,
            "caller": CALLER,
            "dial": anything,
            "types": anything,
            "leads_to": SCREEN,
            "screens": whole(1, 20),
            "inputs": whole(0, 20),
            "keys": whole(0, 60),
        },
        key=("task",),
    ),
    "register_columns": Table(
        {
            "register": one_of(words.REGISTERS),
            "field": CODE,
            "heading": text,
            "aliases": anything,
            "form": one_of(words.CELL_FORMS),
            "needed": YES_NO,
            "personal": YES_NO,
        },
        key=("register", "field"),
    ),
    "register_words": Table(
        {
            "field": matching(r"([a-z]+\.)?[a-z]+", "a field, or register.field where its words differ"),
            "value": text,
            "writes": text,
            "also": anything,
        },
        key=("field", "value"),
    ),
    "sms_words": Table(
        {
            "word": one_of((*words.SMS_COMMANDS, *words.SMS_MANNERS)),
            "alias": matching(r"[A-Z]+( [A-Z]+)*", "capitals without accents"),
            "for": one_of(("ALL", "STAFF")),
            "behind": one_of(words.SMS_BEHIND),
            "joins": one_of(words.SMS_JOINS),
            "slips": YES_NO,
        },
        key=("word", "alias"),
    ),
    "tariffs": Table({"operator": OPERATOR, "fcfa": whole(1, 999)}, key=("operator",)),
    "paces": Table(
        {"operator": OPERATOR, "per_second": whole(1, 10_000), "burst": whole(1, 100_000)}, key=("operator",)
    ),
    "money_operators": Table(
        {"code": CODE_OF_MONEY, "name": on_screen(LONGEST_MONEY), "network": OPERATOR}, key=("code",)
    ),
    "payment_reasons": Table(
        {"reason": one_of(words.MONEY_REASONS), "text": on_screen(WHO)}, key=("reason",)
    ),
    "sending_windows": Table(
        {
            "kind": one_of(("campaign", "reminder")),
            "region": optional(matching(r"[A-Z]+", "a region in capitals without accents; empty for all")),
            "weekdays": matching(r"[1-7](\|[1-7])*", "days such as 1|2, of which 1 is Monday"),
            "opens": CLOCK,
            "closes": CLOCK,
            "occasion": optional(
                matching(r"[A-Z]+", "a time with hours of its own such as RAMADAN; else empty")
            ),
        },
        key=("kind", "region", "weekdays", "opens", "occasion"),
    ),
}
"""The tables of config/rules, by the file's name."""
