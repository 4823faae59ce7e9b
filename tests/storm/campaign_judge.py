"""The judgement of campaigns: what was to be sent, what the provider's ledger holds, what our tables say. Pure.

The ledger is the truth about what was sent. Each person of an audience has one row; what a row says must agree with
the ledger, and nothing is in the ledger that no row explains.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.storm.judge import IN_DOUBT, TAKEN, Verdict

EVIDENCE = "evidence"
DONE, CANCELLED = "DONE", "CANCELLED"
WAITS = "PENDING"
UNSENT = (WAITS, "REJECTED", "SKIPPED", "STOPPED", "HELD_OUT")
"""States that say: the provider was asked for nothing that it took."""

GRACE = timedelta(seconds=2)
"""A pause or a cancellation takes effect within so long."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message in the provider's ledger, and when its request came."""

    provider_id: str
    to: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """What our tables say of one person: of an unsettled one `why` is her request's reason."""

    to: str
    state: str
    attempt: int = 1
    dup_risk: bool = False
    provider_id: str = ""
    why: str = ""


@dataclass(frozen=True)
class Judged:
    """One campaign when all is quiet. `texts`: who was to get which text; `states`: what its report tells.

    `silences`: from when until when it was paused, or from when on cancelled (then until None).
    """

    name: str
    policy: str
    state: str
    size: int
    texts: Mapping[str, str]
    rows: Sequence[Row]
    audience: int
    states: Mapping[str, int]
    silences: Sequence[tuple[datetime, datetime | None]] = ()

    @property
    def in_doubt(self) -> int:
        """How many people are in doubt."""
        return sum(row.state == IN_DOUBT for row in self.rows)


@dataclass(frozen=True)
class Found:
    """All that is judged. `killed`: senders that were killed or stopped; `ambiguous`: answers that left it open."""

    campaigns: Sequence[Judged]
    ledger: Sequence[Sent]
    killed: int
    ambiguous: int
    left: Mapping[str, int] = field(default_factory=dict)


KINDS = (
    "lost",
    "unsent",
    "not_in_ledger",
    "sent_twice",
    "undeclared_double",
    "sent_unasked",
    "unsettled",
    "too_many_doubts",
    "doubt_without_why",
    "sent_in_silence",
    "report_does_not_add_up",
    "not_ended",
    "left",
)
"""What can be wrong."""


def judged(found: Found) -> Verdict:
    """The verdict: figures, and by kind what is wrong."""
    verdict = Verdict(faults={kind: [] for kind in KINDS})
    by_message: defaultdict[tuple[str, str], list[Sent]] = defaultdict(list)
    for sent in found.ledger:
        by_message[sent.to, sent.text].append(sent)
    for campaign in found.campaigns:
        _campaign(campaign, by_message, verdict.faults)
        verdict.figures |= _figures(campaign, by_message)
    _nobody_else(found, verdict.faults)
    _doubts(found, verdict)
    verdict.faults["left"] = [f"{count} in {where}" for where, count in found.left.items() if count]
    verdict.figures["in_ledger"] = len(found.ledger)
    return verdict


def _campaign(
    one: Judged, ledger: Mapping[tuple[str, str], Sequence[Sent]], faults: dict[str, list[str]]
) -> None:
    """Every person of the audience, then the campaign as a whole."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in one.rows:
        rows[row.to].append(row)
    for to, text in one.texts.items():
        theirs = rows.pop(to, [])
        if len(theirs) != 1:
            faults["lost"].append(f"{one.name}: {to} has {len(theirs)} rows")
            continue
        _person(one, theirs[0], ledger.get((to, text), ()), faults)
    faults["sent_unasked"] += [f"{one.name}: a row of {to}, who is nobody's" for to in rows]
    counted = Counter(row.state for row in one.rows)
    told = {state: people for state, people in one.states.items() if people}
    if one.audience != len(one.texts) or told != counted:
        faults["report_does_not_add_up"].append(f"{one.name}: {one.audience} {told}, not {dict(counted)}")
    if one.state not in (DONE, CANCELLED):
        faults["not_ended"].append(f"{one.name}: {one.state}")


def _person(one: Judged, row: Row, sent: Sequence[Sent], faults: dict[str, list[str]]) -> None:
    who = f"{one.name}: {row.to} {row.state}"
    if len(sent) > 1:
        faults["sent_twice"].append(f"{who}, {len(sent)} times")
    if len(sent) > (row.attempt if row.dup_risk else 1):
        faults["undeclared_double"].append(f"{who}, {len(sent)} times in {row.attempt} attempts")
    if row.state in TAKEN and not _is_known(row, sent):
        faults["not_in_ledger"].append(f"{who} {row.provider_id}")
    if row.state in UNSENT and sent:
        faults["sent_unasked"].append(f"{who}, but it was sent")
    if row.state == WAITS and one.state != CANCELLED:
        faults["unsent"].append(who)
    if row.state == IN_DOUBT and not row.why:
        faults["doubt_without_why"].append(who)
    if row.state == IN_DOUBT and one.policy == EVIDENCE:
        faults["unsettled"].append(f"{who}: {row.why}")
    for message in sent:
        if any(_within(message.at, silence) for silence in one.silences):
            faults["sent_in_silence"].append(f"{who} at {message.at:%H:%M:%S.%f}")


def _is_known(row: Row, sent: Sequence[Sent]) -> bool:
    """Whether the provider knows what we take for accepted: by the id, when we have one."""
    return any(message.provider_id == row.provider_id for message in sent) if row.provider_id else bool(sent)


def _within(moment: datetime, silence: tuple[datetime, datetime | None]) -> bool:
    begins, ends = silence
    return begins + GRACE < moment and (ends is None or moment < ends)


def _nobody_else(found: Found, faults: dict[str, list[str]]) -> None:
    """Nothing is in the ledger that no campaign was to send, and no id is there twice or belongs to two people."""
    wanted = {(to, text) for one in found.campaigns for to, text in one.texts.items()}
    strangers = [sent for sent in found.ledger if (sent.to, sent.text) not in wanted]
    faults["sent_unasked"] += [f"to {sent.to}: {sent.text[:40]}" for sent in strangers]
    ours = (row.provider_id for one in found.campaigns for row in one.rows if row.provider_id)
    for where, ids in (("ledger", (sent.provider_id for sent in found.ledger)), ("tables", ours)):
        faults["not_in_ledger"] += [f"id {name} twice in our {where}" for name in _twice(ids)]


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _doubts(found: Found, verdict: Verdict) -> None:
    """Under at_most_once, a request in doubt for each kill and each ambiguous answer at most."""
    tries = found.killed + found.ambiguous
    for one in found.campaigns:
        if one.policy != EVIDENCE and one.in_doubt > one.size * tries:
            verdict.faults["too_many_doubts"].append(f"{one.name}: {one.in_doubt} of {one.size} x {tries}")
    most = max((one.size for one in found.campaigns if one.policy != EVIDENCE), default=0)
    verdict.figures["in_doubt_at_most"] = most * tries


def _figures(one: Judged, ledger: Mapping[tuple[str, str], Sequence[Sent]]) -> dict[str, int]:
    """Figures under the campaign's name."""
    doubtful = [row for row in one.rows if row.state == IN_DOUBT]
    known = sum(bool(ledger.get((row.to, one.texts.get(row.to, "")))) for row in doubtful)
    figures = {
        "audience": len(one.texts),
        "taken": sum(row.state in TAKEN for row in one.rows),
        "in_doubt_sent": known,
        "in_doubt_not_sent": len(doubtful) - known,
        "sent_again": sum(row.attempt > 1 for row in one.rows),
    }
    return {f"{one.name} {what}": count for what, count in figures.items()}
