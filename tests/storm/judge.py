"""The judgement: what was written, what the outside received, what the databases hold. Pure.

The provider's own ledger is the truth about what was sent. Everything in it must be explained by an answer that is
owed once; everything that was written must be answered once, or be told as in doubt or held.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.storm.letters import ANSWERS, LOOP, MOST, STAFF_ANSWERS, Key, Letter

ANSWERED, HELD = "ANSWERED", "HELD"
TAKEN = ("ACCEPTED", "DELIVERED", "UNDELIVERED", "EXPIRED", "NO_RECEIPT")
IN_DOUBT = "UNKNOWN"

LATER = ("after_visit",)
"""Kinds of SMS that wait for an hour which is not part of the storm."""

FINAL, CONFIRMATION, PROVISIONAL = "sms_answer", "confirmation", "copied_answer"
"""Kinds of SMS that answer: the register's; the register's after a copy's; a copy's while the register is away."""

REPLACED = "REJECTED"
"""The state of a copy's answer that was never sent, because the register was back."""

NOT_CONFIRMED = re.compile(r"^(PEC \d{6} n'est pas confirme\. ?)+")
"""How a confirmation begins that takes a copy's code back."""

SHOWN = 12
"""Faults of a kind that are shown by name."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An SMS in the provider's ledger."""

    provider_id: str
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Owed:
    """An SMS in the database. `answers` names the message that it answers, or is empty; `why`: of a doubt."""

    kind: str
    to: str
    text: str
    state: str
    why: str
    provider_id: str
    answers: str


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message as the inbox holds it."""

    state: str
    why: str


@dataclass(frozen=True)
class Evidence:
    """All that was found when it was quiet."""

    inbox: Mapping[str, Sequence[Inbound]]
    owed: Sequence[Owed]
    ledger: Sequence[Sent]
    counted: Counter[Key]
    audit_faults: Sequence[str] = ()
    audit_unsealed: int = 0
    left: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Verdict:
    """Figures, and faults by kind: each kind must be empty."""

    figures: dict[str, int] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether there is no fault."""
        return not any(self.faults.values())

    def as_json(self) -> dict[str, object]:
        """For the report: figures, how many faults of each kind, and the first of them."""
        return {
            **self.figures,
            **{kind: len(found) for kind, found in self.faults.items()},
            "examples": {kind: found[:SHOWN] for kind, found in self.faults.items() if found},
        }


def judged(letters: Sequence[Letter], evidence: Evidence) -> Verdict:
    """The verdict on one storm."""
    verdict = Verdict()
    states = _inbound(letters, evidence, verdict)
    _answers(letters, states, evidence, verdict)
    sent_once(evidence.owed, evidence.ledger, verdict)
    _effects(letters, states, evidence, verdict)
    verdict.faults["audit"] = list(evidence.audit_faults)
    if evidence.audit_unsealed:
        verdict.faults["audit"].append(f"{evidence.audit_unsealed} rows were not sealed")
    verdict.faults["left"] = [f"{count} in {where}" for where, count in evidence.left.items() if count]
    return verdict


def _inbound(letters: Sequence[Letter], evidence: Evidence, verdict: Verdict) -> dict[str, str]:
    """The state of each letter; lost, doubled, waiting and wrongly held ones are faults."""
    states: dict[str, str] = {}
    lost, waiting, wrong = [], [], []
    for letter in letters:
        rows = evidence.inbox.get(letter.name, ())
        if len(rows) != 1:
            lost.append(f"{letter.name}: {len(rows)} rows")
            continue
        (row,) = rows
        states[letter.name] = row.state
        if row.state not in (ANSWERED, HELD):
            waiting.append(f"{letter.name}: {row.state}")
        elif (row.why if row.state == HELD else "") not in ((letter.held,) if letter.held else ("", LOOP)):
            wrong.append(f"{letter.name}: {row.state} {row.why}, not {letter.held or ANSWERED}")
    verdict.faults |= {"lost": lost, "unsettled": waiting, "held_wrongly": wrong}
    verdict.faults["held_wrongly"] += _loops(letters, states)
    verdict.figures["written"] = len(letters)
    verdict.figures["held"] = sum(state == HELD for state in states.values())
    return states


def _loops(letters: Sequence[Letter], states: Mapping[str, str]) -> list[str]:
    """Phones that were held more or less often than the loop guard must."""
    phones = [letter for letter in letters if not letter.held]
    often = Counter(letter.sender for letter in phones)
    shares = {letter.sender: STAFF_ANSWERS if letter.by_staff else ANSWERS for letter in phones}
    held = Counter(letter.sender for letter in phones if states.get(letter.name) == HELD)
    return [
        f"{sender} wrote {times} times and was held {held[sender]} times"
        for sender, times in often.items()
        if held[sender] != max(0, times - shares[sender])
    ]


def _answers(
    letters: Sequence[Letter], states: Mapping[str, str], evidence: Evidence, verdict: Verdict
) -> None:
    """Each answered letter has one SMS, taken by the provider or in doubt with why, that says what it should."""
    by_letter: dict[str, list[Owed]] = {}
    for owed in evidence.owed:
        by_letter.setdefault(owed.answers, []).append(owed)
    faults: dict[str, list[str]] = {
        "unanswered": [],
        "unsent": [],
        "doubt_without_why": [],
        "wrong_answer": [],
    }
    doubts = provisional = 0
    for letter in letters:
        owed_for = by_letter.pop(letter.name, [])
        if states.get(letter.name) != ANSWERED:
            faults["wrong_answer"] += [f"{letter.name}: answered though not settled so" for _ in owed_for]
            continue
        if not _is_one(letter, owed_for):
            told = " ".join(f"{one.kind}:{one.state}" for one in owed_for)
            faults["unanswered"].append(f"{letter.name}: {len(owed_for)} answers {told}")
            continue
        for answer in owed_for:
            doubts += answer.state == IN_DOUBT
            if answer.state == IN_DOUBT and not answer.why:
                faults["doubt_without_why"].append(letter.name)
            if answer.kind == PROVISIONAL:
                provisional += answer.state != REPLACED
                continue
            if answer.state not in (*TAKEN, IN_DOUBT):
                faults["unsent"].append(f"{letter.name}: {answer.state} {answer.why}")
            if not re.match(letter.says, NOT_CONFIRMED.sub("", answer.text)):
                faults["wrong_answer"].append(f"{letter.name}: {answer.text[:60]}")
    by_letter.pop("", None)
    faults["unanswered"] += [f"{name}: answer to nobody's message" for name in by_letter]
    verdict.faults |= faults
    verdict.figures["answers_in_doubt"] = doubts
    verdict.figures["answered_from_a_copy_first"] = provisional


def _is_one(letter: Letter, owed_for: Sequence[Owed]) -> bool:
    """The register's answer alone, or a copy's that was sent and the confirmation of it; all to who wrote."""
    if any(owed.to != letter.sender for owed in owed_for):
        return False
    kinds = sorted(owed.kind for owed in owed_for if (owed.kind, owed.state) != (PROVISIONAL, REPLACED))
    return kinds in ([FINAL], [CONFIRMATION, PROVISIONAL])


def sent_once(owed_all: Sequence[Owed], ledger: Sequence[Sent], verdict: Verdict) -> None:
    """Every line of the ledger is one SMS that is owed; a doubt explains one line at most."""
    lines = Counter(sent.provider_id for sent in ledger)
    by_id = {sent.provider_id: sent for sent in ledger}
    missing, twice = [], [f"id {name}" for name, times in lines.items() if times > 1]
    for owed in owed_all:
        if owed.kind in LATER or owed.state not in TAKEN or not owed.provider_id:
            continue
        sent = by_id.pop(owed.provider_id, None)
        if sent is None or (sent.to, sent.text) != (owed.to, owed.text):
            missing.append(f"{owed.answers or owed.kind}: {owed.state} {owed.provider_id}")
    unnamed = (*TAKEN, IN_DOUBT)
    excuses = Counter(
        (owed.to, owed.text) for owed in owed_all if owed.state in unnamed and not owed.provider_id
    )
    declared = 0
    for sent in by_id.values():
        if excuses[sent.to, sent.text]:
            excuses[sent.to, sent.text] -= 1
            declared += 1
        else:
            twice.append(f"to {sent.to}: {sent.text[:50]}")
    verdict.faults |= {"sent_twice": twice, "not_in_ledger": missing}
    verdict.figures["in_ledger"] = len(ledger)
    verdict.figures["in_doubt_and_sent"] = declared
    doubts = sum(owed.state == IN_DOUBT for owed in owed_all)
    verdict.figures["in_doubt_not_sent"] = doubts - declared


def _effects(
    letters: Sequence[Letter], states: Mapping[str, str], evidence: Evidence, verdict: Verdict
) -> None:
    expected = expected_of(letter for letter in letters if _is_worked_on(letter, states))
    wrong = [
        f"{' '.join(key)}: {evidence.counted[key]}, not {expected[key]}"
        for key in sorted({*expected, *evidence.counted})
        if evidence.counted[key] != expected[key]
    ]
    verdict.faults["wrong_effects"] = wrong
    verdict.figures["effects"] = expected.total()


def _is_worked_on(letter: Letter, states: Mapping[str, str]) -> bool:
    """Of a phone that writes too often the answers are held, never what it asks for; a robot asks for nothing."""
    return not letter.held and states.get(letter.name) in (ANSWERED, HELD)


def expected_of(done: Iterable[Letter]) -> Counter[Key]:
    """What must be counted when these messages were worked on, each once."""
    asked = Counter(key for letter in done for key in letter.effects)
    return Counter({key: min(times, MOST.get(key[0], times)) for key, times in asked.items()})


def bound(faults: int, tries: int, what: str) -> str:
    """What so many tries (`what`) say at most about the next one: the rule of three, 95 %."""
    if faults or not tries:
        return f"{faults} faults in {tries} {what}"
    return f"0 of {tries} {what}; with 95 % certainty fewer than {min(100.0, 300 / tries):.1f} of 100"
