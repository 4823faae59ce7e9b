"""What a process does that is to be killed at a numbered place: takes one SMS, or answers what waits."""

from config.settings import load
from gateway.runtime import Runtime
from tests.gateway.correspondent import Correspondent, echo
from tests.gateway.handset import Gateway
from workers.inbox import answer_inbox


def take(message_id: str) -> None:
    """The edge, with the settings of the environment."""
    runtime = Runtime.open(load(demo=True))
    Correspondent(Gateway(runtime)).writes("AIDE", id=message_id)


def answer() -> None:
    """A worker."""
    answer_inbox(Runtime.open(load(demo=True)), echo)
