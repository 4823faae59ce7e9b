"""A process of its own, to be killed at a numbered place: takes one SMS, or answers what waits.

python -m tests.workers.one_message take|answer <message id>
"""

import sys

from config.settings import load
from gateway.runtime import Runtime
from gateway.web import make_app
from tests.gateway.correspondent import Correspondent, echo
from tests.gateway.handset import Gateway
from workers.inbox import answer_inbox

if __name__ == "__main__":
    what, message_id = sys.argv[1:]
    runtime = Runtime.open(load(demo=True))
    if what == "take":
        print(Correspondent(Gateway(runtime, make_app(runtime))).writes("AIDE", id=message_id).status_code)
    else:
        answer_inbox(runtime, echo)
