"""A full run names nobody: two hundred canaries are searched for in all that an installation leaves behind.

Real processes, both databases. Law 2013-015 asks that personal data be kept confidential; who finds a dump, a
backup, the queue's files or the logs, without the key ring, must not find one person in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.tree import SCREENS
from gateway.events import EDGES
from models.audit import pseudonym
from models.coverage import number_index
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.lookups import asker_index
from models.names import name_keys
from models.phones import phone_index
from tests.privacy.canaries import CANARIES, Canary
from tests.privacy.full_run import Run, on_postgresql, on_sqlite
from tests.privacy.search import search

IDENTITY = (
    *(
        name
        for name in SCREENS
        if name.split(".")[0] in ("rights", "members", "visit", "search", "link", "joining")
    ),
    "home.home",
    "callback.noted",
    "messages.erased",
    "messages.done",
    "consent.wanted",
    "locked.out",
    "resume.offer",
    "slow.owed",
    "edge.failed",
)
"""Screens that the run must have shown: every branch in which somebody's identity plays a part."""


ERRORS = (
    (b"a sealed identity is damaged",),
    (b"a sealed answer is damaged",),
    (b"UndefinedTable", b"no such table: callbacks"),
    (b"CheckViolation", b"IntegrityError: refused"),
    (b"job failed",),
    (b"a message failed",),
    (b"a callback is spooled",),
)
"""What the log must tell of the damage done, in the words of either database."""


@pytest.mark.parametrize("whole_run", [on_sqlite, on_postgresql], ids=["sqlite", "postgresql"])
def test_a_full_run_names_nobody(whole_run: Callable[[Path], Run], tmp_path: Path) -> None:
    run = whole_run(tmp_path / "run")
    assert run.places
    every_branch_was_walked(run)
    errors_were_really_logged(run)
    with_the_keys_everybody_is_there(run)
    what_was_in_the_places_would_have_been_found(run)
    nobody_is_found(run)
    without_the_key_no_index_leads_to_anybody(run, KeyRing.create(tmp_path / "wrong"))


def every_branch_was_walked(run: Run) -> None:
    assert set(IDENTITY) <= run.screens, set(IDENTITY) - run.screens
    assert run.screens <= {"", *SCREENS, *EDGES}
    assert all(run.rows.values()), run.rows


def errors_were_really_logged(run: Run) -> None:
    log = b"".join(content for place, content in run.places if place.endswith("gateway.log"))
    for words in ERRORS:
        assert any(word in log for word in words), words


def nobody_is_found(run: Run) -> None:
    # What was found twice is looked at once.
    written = {content: place for place, content in [("dump", run.dump), *run.places]}
    hits = [(place, hit) for content, place in written.items() for hit in search(content)]
    assert hits == [], f"{len(hits)} hits, first: {hits[:10]}"


def with_the_keys_everybody_is_there(run: Run) -> None:
    for one in CANARIES:
        assert one.name in run.sealed["names"]
        assert one.number in run.sealed["number"]
        assert one.nina in run.sealed["nina"]
        assert one.phone in run.sealed["phone"]
    for kind in ("callbacks", "sms", "recipients", "written"):
        assert search("\n".join(run.sealed[kind]).encode()), kind


def what_was_in_the_places_would_have_been_found(run: Run) -> None:
    for place, content in [("dump", run.dump), *run.places][:: max(1, len(run.places) // 40)]:
        one = CANARIES[len(content) % len(CANARIES)]
        middle = len(content) // 2
        leaking = content[:middle] + b" " + one.phone.encode() + b" " + content[middle:]
        assert search(leaking), place


def without_the_key_no_index_leads_to_anybody(run: Run, wrong: KeyRing) -> None:
    """A dictionary of every canary and of ten thousand phones, tried with another key ring on the dump."""
    written = set(re.findall(rb"[0-9a-f]{32}", run.dump.lower()))
    for one in CANARIES:
        assert set(indexes(run.keys, one)) <= written
    dictionary = {word for one in CANARIES for word in indexes(wrong, one)}
    for number in range(10_000):
        phone = Msisdn.parse(f"+223{CANARIES[0].phone[4:8]}{number:04}")
        dictionary |= {word.hex().encode() for word in (phone_index(wrong, phone), asker_index(wrong, phone))}
    assert not dictionary & written


def indexes(keys: KeyRing, one: Canary) -> list[bytes]:
    """By what a canary is found: phone, number, NINA, names, and her pseudonyms in the audit trail."""
    phone = Msisdn.parse(one.phone)
    found = [
        phone_index(keys, phone),
        number_index(keys, one.scheme, one.number),
        keys.index(one.nina, "nina"),
        *name_keys(keys, one.given, one.family),
    ]
    told = [pseudonym(keys, one.phone), pseudonym(keys, f"person:{one.person_id}")]
    return [*(word.hex().encode() for word in found), *(word.encode() for word in told)]
