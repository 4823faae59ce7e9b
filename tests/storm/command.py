"""`ramu storm`: what the gateway promises when its processes are killed, put to the proof."""

from __future__ import annotations

import click

from tests.storm.campaign import campaign
from tests.storm.crash_points import crash_points
from tests.storm.histories import histories
from tests.storm.payments import payments
from tests.storm.sms import sms


@click.group()
def storm() -> None:
    """Kill processes while messages come in, campaigns go out or people pay, and judge what came of it."""


storm.add_command(sms)
storm.add_command(campaign)
storm.add_command(payments)
storm.add_command(crash_points)
storm.add_command(histories)
