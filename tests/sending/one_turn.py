"""A worker's process for the tests that kill it: `python -m tests.sending.one_turn send|reap`, settings as always."""

import sys

from config.jobs import TRANSACTIONAL
from config.settings import load
from gateway.runtime import Runtime
from tests.sending.outside import Outside
from workers.sender import Sender
from workers.sending import reap_all

if __name__ == "__main__":
    desk = Runtime.open(load())
    if sys.argv[1] == "reap":
        reap_all(desk)
    else:
        sender = Sender(desk, Outside(desk.settings.data_folder / "ledger"))
        sender.turn(TRANSACTIONAL)
        sender.drain()
