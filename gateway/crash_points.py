"""Places where a process can be made to kill itself, so that what a crash there leaves can be looked at.

RAMU_CRASH_AT=<number> in the environment of a process makes it send itself SIGKILL at that place. No handler runs, no
buffer is written: as when the machine's memory is full. Without the variable nothing happens.
"""

from __future__ import annotations

import os
import signal

CRASH_AT = "RAMU_CRASH_AT"

POINTS = {
    11: "taking: a callback is in the database, not committed",
    12: "taking: a callback is committed, the provider was not answered",
    13: "spooling: a record is written to a file that does not count yet",
    14: "spooling: a callback is on the disk, the provider was not answered",
    15: "answering: effects and answer are in the database, not committed",
    16: "answering: all is committed, nobody was woken to send the answer",
    17: "spooling: what was spooled is in the database, the disk still holds it",
    21: "sending: the claim is written, not committed",
    22: "sending: the claim is committed, nothing was asked of the provider",
    23: "sending: the provider has answered, nothing is written down",
    24: "sending: the answer is on the disk beside its place in the journal",
    25: "sending: the answer is in the journal",
    26: "sending: the answer is in the database, not committed",
    27: "sending: the answer is committed, the journal still holds it",
    28: "sending: the journal has let go",
    31: "reaping: claims whose lease is over are marked, not committed",
    32: "reaping: an answer of the journal is in the database, the journal still holds it",
    33: "reaping: an answer of the journal is in the database, not committed",
    34: "caring: doubts of campaigns are settled by reports, not committed",
    35: "caring: a request may be made again after silence, not committed",
    36: "caring: who failed has another chunk, not committed",
    41: "standing in: an answer and what it does are in the register's copy, not committed",
    42: "standing in: all is committed in the copy, nobody was woken to send it",
    43: "coming back: what a copy told is in the register, not committed",
    44: "coming back: what a copy told is committed, the copy still holds it",
    45: "coming back: a message that a copy sent is in the register, the copy still holds it",
    51: "paying: the claim of a payment is written, not committed",
    52: "paying: the claim is committed, nothing was asked of the operator",
    53: "paying: the operator has taken the request, nothing is written down",
    54: "paying: what came of the request is in the database, not committed",
    55: "paying: what came of the request is committed",
    56: "paying: the operator has answered a question, nothing is written down",
    57: "paying: payment, ledger and receipts are in the database, not committed",
    58: "paying: all is committed, nobody was woken to send the receipts",
    61: "promising: the promise is on the disk, nobody has read it",
    62: "promising: what was promised is in the database, the disk still holds it",
    63: "promising: the answer and what it does are in the database, not committed",
    64: "promising: all is committed, nobody was woken to send the answer",
}
"""Every place, and what is done when the process is killed there."""


def reached(point: int) -> None:
    """Kills this process if it was told to die at this place."""
    if os.environ.get(CRASH_AT) == str(point):
        os.kill(os.getpid(), signal.SIGKILL)
