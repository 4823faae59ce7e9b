"""A worker's process, to be killed: `python -m tests.standby.one_turn work|tidy LEDGER`, settings as always."""

import sys
from pathlib import Path

from config.settings import load
from gateway.runtime import Runtime
from tests.sending.outside import Outside
from tests.standby.outage import look_after, work
from workers.standby import Standby

if __name__ == "__main__":
    desk = Runtime.open(load(demo=True))
    what, ledger = sys.argv[1:]
    if what == "tidy":
        look_after(Standby(desk))
    else:
        work(desk, Standby(desk), Outside(Path(ledger)))
