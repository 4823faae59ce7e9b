"""What a worker's process does that is to be killed; for campaigns it is always ten o'clock of a Thursday."""

from dataclasses import replace

from config.jobs import BULK, TRANSACTIONAL
from config.settings import load
from gateway.runtime import Runtime
from tests.sending.drive import OPEN_HOUR
from tests.sending.outside import Outside
from workers.campaign_care import look_after_all, retry_all
from workers.campaign_sender import CampaignSender
from workers.routes import Route, Routes
from workers.sender import Sender
from workers.sending import reap_all


def turn(what: str) -> None:
    """One turn of a worker: `send`, `campaigns`, `care`, `retry` or `reap`."""
    desk = Runtime.open(load())
    outside = Outside(desk.settings.data_folder / "ledger")
    at_ten = replace(desk, clock=lambda: OPEN_HOUR)
    match what:
        case "reap":
            reap_all(desk)
        case "care":
            look_after_all(at_ten)
        case "retry":
            retry_all(at_ten)
        case "campaigns":
            crew = CampaignSender(at_ten, Routes([Route(outside)]))
            crew.turn(BULK)
            crew.drain()
        case _:
            sender = Sender(desk, outside)
            sender.turn(TRANSACTIONAL)
            sender.drain()
