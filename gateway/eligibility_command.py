"""`ramu eligibility decide FILE`: the decisions for cases written in JSON, for people who check the rules.

A file is `{"meta": {"reference_date": "2025-11-01"}, "cases": [{"id": "A1", "input": {...}}]}` or the list of cases
alone. An input holds the fields of a situation, or a receipt (`numero`, `debut`, `fin`, `dates`) whose verdict is asked
for each date. The answers stand in the file's order; a case that cannot be read has `errors`, and the command then
ends with 2.
"""

from __future__ import annotations

import json
import re
import sys
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn
from zoneinfo import ZoneInfo

import click

from config import facts
from config.facts import Facts, NotInForce
from models.coverage import Verdict
from models.eligibility import decide as decide_for
from models.identifiers import in_ascii, recognise
from models.receipts import receipt_verdict
from models.situations import BadCase, Situation, unread

BAMAKO = ZoneInfo("Africa/Bamako")
RECEIPT_FIELDS = frozenset({"numero", "debut", "fin", "dates"})


class Question(NamedTuple):
    """The day and the rules by which cases are judged."""

    day: date
    rules: Facts


@click.group()
def eligibility() -> None:
    """Which scheme covers whom, by the dated rules."""


@eligibility.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--date", "day", metavar="YYYY-MM-DD", help="Judge by the rules of this day; the file's own otherwise."
)
@click.option(
    "--rules",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another folder of rule tables, to rehearse a decree on a copy of config/rules.",
)
def decide(file: IO[bytes], day: str | None, rules: Path | None) -> None:
    """Decide every case of FILE (- reads standard input) and print the decisions as JSON.

    Example: ramu eligibility decide cases.json
    """
    meta, cases = _read(file.read())
    question = Question(_day(day, meta), Facts(rules) if rules else facts.SHIPPED)
    answers = [_answer(place, case, question) for place, case in enumerate(cases, start=1)]
    _say(json.dumps({"cases": answers}, ensure_ascii=False, indent=1))
    if any("errors" in answer for answer in answers):
        sys.exit(2)


def _read(content: bytes) -> tuple[Mapping[str, Any], list[Any]]:
    """The file's meta and cases; ends the command when it has none."""
    try:
        data = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_not_json)
    except UnicodeDecodeError:
        _refuse("le fichier n'est pas en UTF-8")
    except (ValueError, RecursionError) as fault:
        _refuse(f"le fichier n'est pas du JSON : {fault}")
    if isinstance(data, list):
        return {}, data
    cases = data.get("cases") if isinstance(data, dict) else None
    if not isinstance(cases, list):
        _refuse("il faut une liste de cas, ou un objet avec la liste `cases`")
    meta = data.get("meta") or {}
    if not isinstance(meta, dict):
        _refuse("meta : ce n'est pas un objet")
    return meta, cases


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a field given twice would hide one of its values."""
    read = dict(pairs)
    if len(read) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"le champ {twice!r} est donné deux fois")
    return read


def _not_json(word: str) -> NoReturn:
    raise ValueError(f"{word} n'est pas une valeur")


def _day(asked: str | None, meta: Mapping[str, Any]) -> date:
    """The day of the question: the option, the file's reference date, or today in Bamako."""
    given = asked if asked is not None else meta.get("reference_date")
    if given is None:
        return datetime.now(BAMAKO).date()
    day = _as_day(given)
    if day is None:
        _refuse(f"date de référence : {given!r} n'est pas un jour AAAA-MM-JJ")
    return day


def _answer(place: int, case: Any, question: Question) -> dict[str, Any]:
    """One case's answer. What is wrong with it, or not read, is also said on standard error."""
    name = case.get("id", f"#{place}") if isinstance(case, dict) else f"#{place}"
    try:
        return {"id": name, "decision": _decision(name, case, question)}
    except BadCase as bad:
        for fault in bad.faults:
            _say(f"ramu: cas {name}, {fault}", err=True)
        return {"id": name, "errors": list(bad.faults)}


def _decision(name: object, case: Any, question: Question) -> dict[str, Any]:
    given = case.get("input") if isinstance(case, dict) else None
    if not isinstance(given, dict):
        raise BadCase(["input : il faut un objet avec les réponses de la personne"])
    if "numero" in given:
        ignored = tuple(field for field in given if field not in RECEIPT_FIELDS)
        answer: dict[str, Any] = _verdicts(given, question)
    else:
        ignored = unread(given)
        answer = _decided(Situation.from_json(given), question)
    for field in ignored:
        _say(f"ramu: cas {name}, {field!r} : champ inconnu, ignoré", err=True)
    return answer


def _decided(situation: Situation, question: Question) -> dict[str, Any]:
    try:
        return decide_for(situation, question.day, question.rules).as_json()
    except NotInForce:
        raise BadCase([f"date : aucune règle n'est connue le {question.day}"]) from None


def _verdicts(given: Mapping[str, Any], question: Question) -> dict[str, str]:
    """A receipt's worth on each date asked for, or on the day of the question."""
    faults: list[str] = []
    start = _bound(given.get("debut"), "debut", faults, last=False)
    end = _bound(given.get("fin"), "fin", faults, last=True)
    if start and end and end < start:
        faults.append(f"fin : {end} est avant le début {start}")
    dates = _dates(given.get("dates"), question.day, faults)
    number = given["numero"]
    if not isinstance(number, str):
        faults.append("numero : à écrire entre guillemets, un zéro de tête compte")
    if faults:
        raise BadCase(faults)
    if not _is_receipt(number, question):
        return dict.fromkeys(map(str, dates), str(Verdict.FORMAT_INVALIDE))
    return {str(day): str(receipt_verdict(start, end, day)) for day in dates}


def _is_receipt(number: str, question: Question) -> bool:
    card = recognise(re.sub(r"\s+", "", in_ascii(number)), question.day, question.rules)
    return card is not None and (card.scheme, card.kind) == ("RAMED", "RECEPISSE")


def _bound(written: Any, field: str, faults: list[str], *, last: bool) -> date | None:
    """A day, or a month: its first day for a beginning (the printed receipt has no more), its last for an end."""
    if written is None:
        return None
    day = _as_day(written)
    month = day or _as_day(f"{written}-01")
    if month is None:
        faults.append(f"{field} : {written!r} n'est pas une date AAAA-MM-JJ ou AAAA-MM")
    elif last and day is None:
        return month.replace(day=monthrange(month.year, month.month)[1])
    return month


def _dates(written: Any, today: date, faults: list[str]) -> list[date]:
    if written is None:
        return [today]
    if not isinstance(written, list) or not written:
        faults.append("dates : il faut une liste de dates AAAA-MM-JJ")
        return []
    faults += [f"dates : {given!r} n'est pas une date AAAA-MM-JJ" for given in written if not _as_day(given)]
    return [day for given in written if (day := _as_day(given))]


def _as_day(written: Any) -> date | None:
    if not isinstance(written, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _say(text: str, *, err: bool = False) -> None:
    # A lone surrogate from a `\ud800` in the file cannot be written as UTF-8.
    click.echo(text.encode("utf-8", "backslashreplace").decode(), err=err)


def _refuse(fault: str) -> NoReturn:
    _say(f"ramu: {fault}", err=True)
    sys.exit(2)
