"""Ten processes that plan and owe reminders at once, each killed at any moment: every household is owed one message."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import func, select

from config.settings import CHECKOUT
from models.messages import messages
from models.reminders import reminders
from tests.mutuelles.test_contribution_reminders import WEEK_BEFORE, Season, season, ten
from tests.sending.conftest import open_office
from workers import reminding

HOUSEHOLDS, PROCESSES, KILLS = 60, 10, 20
SEED = 20270108
__all__ = ["season"]


def remind_for_ever(folder: str, database_url: str, redis_url: str) -> None:
    """What each process does until it is killed: the job of the day, again and again."""
    season = Season(open_office(Path(folder), database_url, redis_url), books=None)
    season.at(ten(WEEK_BEFORE))
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        reminding.remind_all(season.office.desk)


def begun(*arguments: str) -> subprocess.Popen[bytes]:
    """A process that is ready and waits for a word."""
    code = f"from {__name__} import remind_for_ever; remind_for_ever(*{arguments!r})"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT, env=os.environ, **pipes)


@pytest.mark.storm
def test_each_household_is_owed_one_message(season: Season, tmp_path, database_url, redis_url) -> None:
    dice = random.Random(SEED)
    for _ in range(HOUSEHOLDS):
        season.household()
    for _ in range(KILLS // PROCESSES):
        children = [begun(str(tmp_path), database_url, redis_url) for _ in range(PROCESSES)]
        for child in children:
            assert child.stdout.readline() == b"ready\n"
        for child in children:
            child.stdin.write(b"go\n")
            child.stdin.flush()
        for child in dice.sample(children, PROCESSES):
            sleep(dice.uniform(0, 0.1))
            child.send_signal(signal.SIGKILL)
            child.communicate()
    reminding.remind_all(season.office.desk)
    with season.books.database.begin(reading=True) as conn:
        owed = select(func.count(), func.count(reminders.c.message_id.distinct())).select_from(reminders)
        assert conn.execute(owed).one() == (HOUSEHOLDS, HOUSEHOLDS)
        assert conn.execute(select(func.count()).select_from(messages)).scalar_one() == HOUSEHOLDS
    season.send()
    assert [len(season.sent(member)) for member in season.members] == [1] * HOUSEHOLDS
