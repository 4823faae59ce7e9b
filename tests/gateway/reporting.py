"""A process of its own that takes delivery reports in many threads until it is killed, and says which were kept.

python -m tests.gateway.reporting <file of what was kept> <word>
"""

import os
import sys
from itertools import count
from threading import Thread

from config.settings import load
from gateway.intake import Intake, Report
from gateway.runtime import Runtime

THREADS = 24


def main() -> None:
    """Takes reports; writes the id of each into the file once it is kept, as the provider would be answered then."""
    path, word = sys.argv[1:]
    kept = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    intake, numbers = Intake(Runtime.open(load(demo=True))), count()

    def deliver() -> None:
        while True:
            name = f"{word}-{next(numbers)}"
            intake.take(Report(name, "Success", "", ""))
            os.write(kept, f"{name}\n".encode())

    for _ in range(THREADS):
        Thread(target=deliver).start()


if __name__ == "__main__":
    main()
