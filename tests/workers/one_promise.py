"""Done by a process of its own that is killed: promises the answer of one hop by SMS, or keeps what was promised."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

from config.settings import load
from gateway.logs import configure
from gateway.runtime import Runtime
from tests.gateway.handset import Gateway
from workers.answers import keep_promises

PROMISE, KEEP = "promise", "keep"
NUMBER = "2600100000017"


def hop_of(phone: str) -> dict[str, str]:
    """A phone asks about a card: what it is told is noted in one row of the audit trail."""
    return {"sessionId": f"ATUid_{phone[1:]}", "phoneNumber": phone, "text": f"1*1*{NUMBER}"}


def main(what: str, phone: str, environment: Mapping[str, str]) -> None:
    """Does it. Who has shown a promise is killed at once; who keeps promises, where her environment says."""
    os.environ.update(environment)
    settings = load(demo=True, log_level="ERROR")
    configure(settings)
    runtime = Runtime.open(settings)
    if what == KEEP:
        keep_promises(runtime)
        return
    shown = Gateway(runtime).post(**hop_of(phone)).text
    assert "arrive par SMS" in shown, shown
    os.kill(os.getpid(), signal.SIGKILL)
