"""What the simulated provider does wrong on purpose: by the number that is written to, or by chance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableSequence
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from typing import Any

from config.faults import Fault

MAGIC = "+223700066"
"""Numbers that begin so and have two digits more behave as MAGIC_FAULTS says; all others are well."""

NOTHING_TAKEN = {
    "reset_before": "the connection is reset, nothing was taken",
    "timeout_before": "no answer ever, nothing was taken",
    "e500_before": "HTTP 500, nothing was taken",
    "redirect": "HTTP 302 to another page, nothing was taken",
    "e400": "HTTP 400 with the provider's own words",
    "e401": "HTTP 401, as with a wrong key",
    "e403": "HTTP 403",
    "e429": "HTTP 429, Retry-After: 1",
    "bad_sender": "HTTP 201, InvalidSenderId and no recipients",
}
TAKEN = {
    "reset_after": "taken, then the connection is reset",
    "timeout_after": "taken, no answer ever",
    "e500_after": "taken, then HTTP 500",
    "e502_after": "taken, then HTTP 502 with a page in HTML",
    "drip_after": "taken, the answer comes a byte at a time and never ends",
    "cut_after": "taken, the answer ends in its middle",
    "garbled_after": "taken, the answer is HTML with HTTP 201",
    "missing_after": "taken, the answer names nobody",
    "no_id": 'taken, the id is the text "None"',
    "slow": "taken, the answer comes after 3 s",
}
CODES = {
    401: "RiskHold",
    402: "InvalidSenderId",
    403: "InvalidPhoneNumber",
    404: "UnsupportedNumberType",
    405: "InsufficientBalance",
    406: "UserInBlacklist",
    407: "CouldNotRoute",
    409: "DoNotDisturbRejection",
    500: "InternalServerError",
    501: "GatewayError",
    502: "RejectedByGateway",
}
"""Refusals of one number, in the provider's words."""

REFUSALS = {f"code_{code}": f"this number is refused: {code} {word}" for code, word in CODES.items()}


@dataclass(frozen=True, slots=True)
class Report:
    """One delivery report: the provider's word, when (a share of the usual delay, negative: before the answer)."""

    status: str
    after: float = 1.0
    reason: str = ""


SUCCESS = Report("Success")
BEFORE_THE_ANSWER = -1.0
REPORTS: Mapping[str, tuple[str, tuple[Report, ...]]] = {
    "report_late": ("delivered, told twenty times later than usual", (Report("Success", 20.0),)),
    "report_twice": ("delivered, told twice", (SUCCESS, SUCCESS)),
    "report_missing": ("nothing is ever told", ()),
    "report_early": ("told before the request is answered", (Report("Success", BEFORE_THE_ANSWER),)),
    "report_failed": ("not delivered", (Report("Failed", 1.0, "DeliveryFailure"),)),
    "report_rejected": ("refused by the network", (Report("Rejected", 1.0, "UserInBlackList"),)),
    "report_absent": (
        "AbsentSubscriber, delivered later",
        (Report("AbsentSubscriber"), Report("Success", 3.0)),
    ),
    "report_expired": ("Expired, and nothing after", (Report("Expired"),)),
    "report_contrary": (
        "Failed, then Success",
        (Report("Failed", 1.0, "DeliveryFailure"), Report("Success", 2.0)),
    ),
    "report_backwards": ("Success, then Sent", (SUCCESS, Report("Sent", 2.0))),
    "report_steps": (
        "Sent, Submitted, Buffered, then Success",
        tuple(
            Report(word, 0.25 * step)
            for step, word in enumerate(("Sent", "Submitted", "Buffered", "Success"), 1)
        ),
    ),
    "report_odd": ("a word that nobody knows", (Report("Levitated"),)),
}

FAULTS = {**NOTHING_TAKEN, **TAKEN, **REFUSALS, **{name: what for name, (what, _) in REPORTS.items()}}
"""Every fault and what it is, for the help and the documentation."""

MAGIC_FAULTS = {
    **{f"{place:02}": name for place, name in enumerate(REFUSALS, 10)},
    **{f"{place:02}": name for place, name in enumerate(NOTHING_TAKEN, 30)},
    **{f"{place:02}": name for place, name in enumerate(TAKEN, 50)},
    **{f"{place:02}": name for place, name in enumerate(REPORTS, 70)},
}
"""The last two digits of a magic number to its fault. Published: none of them ever changes its meaning."""

DELAY = "delay"


def magic(number: str) -> str:
    """The fault of a number, or nothing."""
    if number.startswith(MAGIC) and len(number) == len(MAGIC) + 2:
        return MAGIC_FAULTS.get(number[len(MAGIC) :], "")
    return ""


@dataclass
class Chance:
    """Faults by chance: `rates` from a fault's name to its share of requests (of messages, for reports)."""

    rates: Mapping[str, float] = field(default_factory=dict)
    delay: float = 0.0
    seed: int | None = None

    def __post_init__(self) -> None:
        # Not for secrets: the same seed is to bring the same faults.
        self._random = Random(self.seed)  # nosec B311
        self._lock = Lock()

    @classmethod
    def parse(cls, told: str, seed: int | None = None, known: Collection[str] = FAULTS) -> Chance:
        """`delay=0.2,timeout_after=0.01`: delay in seconds, the others shares of one. Raises Fault."""
        given: dict[str, float] = {}
        for part in filter(None, told.split(",")):
            name, _, share = part.strip().partition("=")
            if name not in known and name != DELAY:
                raise Fault(f"no fault {name!r}. Remedy: one of delay, {', '.join(known)}")
            given[name] = _share(name, share)
        return cls(given, given.pop(DELAY, 0.0), seed)

    def of_request(self) -> str:
        """The fault of the next request, or nothing."""
        return self.drawn({*NOTHING_TAKEN, *TAKEN, *REFUSALS})

    def of_report(self) -> str:
        """The fault of the next message's reports, or nothing."""
        return self.drawn({*REPORTS})

    def shuffle(self, some: MutableSequence[Any]) -> None:
        """Brings a list into any order."""
        with self._lock:
            self._random.shuffle(some)

    def within(self, seconds: float) -> float:
        """Any moment of so many seconds."""
        with self._lock:
            return self._random.uniform(0, seconds)

    def drawn(self, names: Collection[str]) -> str:
        """One of these faults by chance, or nothing."""
        with self._lock:
            return next(
                (
                    name
                    for name, share in self.rates.items()
                    if name in names and self._random.random() < share
                ),
                "",
            )


def _share(name: str, told: str) -> float:
    try:
        share = float(told)
    except ValueError:
        raise Fault(f"{name}: not a number. Remedy: {name}=0.01") from None
    if not 0 <= share <= (60 if name == DELAY else 1):
        raise Fault(f"{name}: out of range. Remedy: a share from 0 to 1, or a delay of at most 60 s")
    return share
