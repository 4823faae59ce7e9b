"""A process of its own that takes delivery reports in many threads until it is killed, and says which were kept."""

import os
from itertools import count
from threading import Thread

from config.settings import load
from gateway.intake import Intake, Report
from gateway.runtime import Runtime

THREADS = 24


def take_reports(path: str, word: str) -> None:
    """Takes reports; writes the id of each into the file once it is kept, as the provider would be answered then."""
    kept = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    intake, numbers = Intake(Runtime.open(load(demo=True))), count()

    def deliver() -> None:
        while True:
            name = f"{word}-{next(numbers)}"
            intake.take(Report(name, "Success", "", ""))
            os.write(kept, f"{name}\n".encode())

    threads = [Thread(target=deliver) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
