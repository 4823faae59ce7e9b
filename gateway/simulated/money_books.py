"""The simulated operator's own books, in a SQLite file: orders that it took, and money that it moved.

They are its truth, on the disk before it answers, and outlive its crashes. It plays the outside world, so numbers stand
there whole: the folder is for its owner alone and belongs to no real installation.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import time

NAME = "money.sqlite"

WAITING, SUCCESSFUL, FAILED = "WAITING_FOR_PIN", "SUCCESSFUL", "FAILED"

TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    operator TEXT, name TEXT, customer TEXT, amount INTEGER, transaction_id TEXT, status TEXT, reason TEXT,
    fault TEXT, notify TEXT, taken_at REAL, settled_at REAL, requests INTEGER, questions INTEGER,
    PRIMARY KEY (operator, name));
CREATE TABLE IF NOT EXISTS movements (
    id INTEGER PRIMARY KEY, operator TEXT, name TEXT, customer TEXT, amount INTEGER, at REAL);
CREATE TABLE IF NOT EXISTS turned_away (
    id INTEGER PRIMARY KEY, operator TEXT, name TEXT, fault TEXT, at REAL);
"""


@dataclass(frozen=True, slots=True)
class Order:
    """One order that was taken. `requests` counts how often it was asked for, `questions` how often asked about."""

    operator: str
    name: str
    customer: str
    amount: int
    transaction: str
    status: str
    reason: str
    fault: str
    notify: str
    taken_at: float
    settled_at: float | None
    requests: int
    questions: int


class Books:
    """The file. Several threads may write; each change is on the disk when its method returns."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.file = folder / NAME
        self.file.touch(mode=0o600)
        self._lock = Lock()
        self._line = sqlite3.connect(self.file, check_same_thread=False, isolation_level=None)
        self._line.execute("PRAGMA journal_mode=WAL")
        self._line.execute("PRAGMA synchronous=FULL")
        self._line.executescript(TABLES)

    def take(self, order: Order) -> tuple[Order, bool]:
        """Take an order, and whether it is new: a name that was taken before is the same order, whatever else."""
        with self._writing() as line:
            known = self._one(line, order.operator, order.name)
            if known:
                line.execute(
                    "UPDATE orders SET requests = requests + 1 WHERE operator = ? AND name = ?",
                    (order.operator, order.name),
                )
                return known, False
            values = (
                order.operator,
                order.name,
                order.customer,
                order.amount,
                order.transaction,
                order.status,
                order.reason,
                order.fault,
                order.notify,
                order.taken_at,
                order.settled_at,
            )
            line.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0)", values)
            return order, True

    def turn_away(self, operator: str, name: str, fault: str) -> None:
        """Note a request of which nothing was taken, and how it was answered."""
        with self._writing() as line:
            line.execute(
                "INSERT INTO turned_away (operator, name, fault, at) VALUES (?, ?, ?, ?)",
                (operator, name, fault, time()),
            )

    def settle(self, operator: str, name: str, status: str, reason: str = "") -> Order | None:
        """What became of an order; money moves, or comes back, in the same transaction. None when it is not there."""
        with self._writing() as line:
            before = self._one(line, operator, name)
            if before is None or before.status == status:
                return before
            line.execute(
                "UPDATE orders SET status = ?, reason = ?, settled_at = ? WHERE operator = ? AND name = ?",
                (status, reason, time(), operator, name),
            )
            moved = (status == SUCCESSFUL) - (before.status == SUCCESSFUL)
            if moved:
                line.execute(
                    "INSERT INTO movements (operator, name, customer, amount, at) VALUES (?, ?, ?, ?, ?)",
                    (operator, name, before.customer, moved * before.amount, time()),
                )
            return self._one(line, operator, name)

    def asked_about(self, operator: str, name: str) -> Order | None:
        """An order that somebody asks about; that is counted."""
        with self._writing() as line:
            line.execute(
                "UPDATE orders SET questions = questions + 1 WHERE operator = ? AND name = ?",
                (operator, name),
            )
            return self._one(line, operator, name)

    def waiting(self) -> list[Order]:
        """Orders whose end is still to come, the oldest first."""
        return self._many("SELECT * FROM orders WHERE status = ? ORDER BY taken_at", WAITING)

    def orders(self) -> list[Order]:
        """Every order, the oldest first."""
        return self._many("SELECT * FROM orders ORDER BY taken_at, name")

    def moved(self) -> dict[tuple[str, str], int]:
        """FCFA that moved, by operator and order, less what came back; orders of which nothing moved are left out."""
        with self._lock:
            rows = self._line.execute(
                "SELECT operator, name, sum(amount) FROM movements GROUP BY operator, name"
            )
            return {(operator, name): amount for operator, name, amount in rows if amount}

    def turned_away(self) -> list[tuple[str, str]]:
        """(order, fault) of every request of which nothing was taken."""
        with self._lock:
            return self._line.execute("SELECT name, fault FROM turned_away ORDER BY id").fetchall()

    def close(self) -> None:
        """Closes the file."""
        self._line.close()

    def _many(self, statement: str, *values: str) -> list[Order]:
        with self._lock:
            return [Order(*row) for row in self._line.execute(statement, values)]

    @staticmethod
    def _one(line: sqlite3.Connection, operator: str, name: str) -> Order | None:
        row = line.execute(
            "SELECT * FROM orders WHERE operator = ? AND name = ?", (operator, name)
        ).fetchone()
        return Order(*row) if row else None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._line.execute("BEGIN IMMEDIATE")
            try:
                yield self._line
            except BaseException:
                self._line.execute("ROLLBACK")
                raise
            self._line.execute("COMMIT")
