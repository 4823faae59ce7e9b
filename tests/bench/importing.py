"""`ramu bench import`: how fast a register comes in, in how much memory, and what look-ups feel of it meanwhile."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic, perf_counter, sleep

import click

from config import facts
from config.settings import CHECKOUT
from gateway.register_commands import PROCESSES
from models.coverage import by_number
from models.database import Database
from models.demo_world import FOLDER
from models.identifiers import Msisdn, recognise
from models.keyring import KeyRing
from models.schema import migrate
from tests.bench.cpu import seconds_of
from tests.bench.figures import Json, percentile
from tests.bench.fill import fill
from tests.bench.registers import card_numbers
from tests.bench.words import tell
from workers.servers import PostgresServer
from workers.servers.folders import scratch, unprivileged_user
from workers.servers.process import children_of

LINES = 3_000_000
SETTLED_PEOPLE = 100_000
"""Who is in the register before: look-ups are about them."""

LINES_A_SECOND, MEGABYTES, TIMES, MILLISECONDS, CPU_US = 20_000, 300, 3.0, 50.0, 80.0
"""Goals: at least, at most; a look-up's p95 below so many times what it was, or so many milliseconds."""

SERVER_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB"}
"""What whoever runs millions of people on PostgreSQL sets first; all else is its default, durability included."""

LOOKUP_SECONDS = 0.02
QUIET_SECONDS = 8.0
HEADER = "numero;numero ouvrant droit;lien;nom;prenom;sexe;date de naissance;commune;debut;fin"
HEADER += ";reference;delivre le;nina"
ASKER = Msisdn("+22370009901")


@click.command("import")
@click.option("--lines", type=click.IntRange(1_000, 90_000_000), default=LINES, show_default=True)
@click.option(
    "--dependants", type=click.IntRange(0, 90), default=0, show_default=True, help="In a hundred lines."
)
@click.option(
    "--processes",
    type=click.IntRange(0, 16),
    default=PROCESSES,
    show_default=True,
    help="That read and seal.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same file.")
@click.option("--json", "bare", is_flag=True, help="The JSON line alone.")
def import_register(lines: int, dependants: int, processes: int, seed: int, bare: bool) -> None:
    """Bring a made-up RAMED register into a fresh PostgreSQL, under look-ups; the last line is one JSON object.

    Example: ramu bench import --lines 100000
    """
    # A SIGTERM must unwind what is below: a server and a register of gigabytes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="ramu-bench-") as made, tuned_server() as server:
        folder = Path(made)
        file = folder / "ramed.csv"
        write_file(file, lines, dependants, seed)
        tell(f"{file.stat().st_size / 1e6:,.0f} MB in {lines:,} lines")
        keys = KeyRing.create(folder / "keys")
        migrate(server.url)
        fill(server.url, keys, SETTLED_PEOPLE, seed)
        server.order("ANALYZE")
        measured = _measured(server, keys, folder, file, processes)
    outcome = judged(lines, dependants, processes, measured)
    if not bare:
        for name, goal in outcome["goal"].items():
            tell(f"{name}: {outcome['measured'][name]}, goal {goal}")
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


@contextmanager
def tuned_server() -> Iterator[PostgresServer]:
    """A fresh, durable PostgreSQL with SERVER_SETTINGS, on data that goes with it."""
    home = scratch(unprivileged_user())
    try:
        with PostgresServer.start(home) as server:
            for name, value in SERVER_SETTINGS.items():
                server.order(f"ALTER SYSTEM SET {{}} = '{value}'", name)
            server.stop()
            server.restart()
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


def write_file(path: Path, lines: int, dependants: int, seed: int) -> None:
    """A register line by line: the same one for the same seed, in no memory to speak of."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(HEADER.split(";"))
        writer.writerows(register_lines(lines, dependants, seed))


def register_lines(lines: int, dependants: int, seed: int) -> Iterator[list[str]]:
    """The cells of each line: openers with a receipt, one in three with a NINA, and children behind their openers."""
    chance = random.Random(seed)
    names = tomllib.loads((FOLDER / "names.toml").read_text(encoding="utf-8"))
    communes = [row["code_2023"] for row in facts.reference("mali_communes_2023") if row["code_2023"]]
    number = family = commune = start = end = ""
    for line in range(lines):
        woman = chance.random() < 0.5
        given, sex = chance.choice(names["women" if woman else "men"]), "F" if woman else "M"
        born = f"{date(1950, 1, 1) + timedelta(days=int(chance.random() * 27_000)):%d/%m/%Y}"
        if number and chance.random() * 100 < dependants:
            # Children of one opener have a letter each, so that no two have the same name and year.
            given = f"{given} {_letters(line)}"
            yield ["", number, "enfant", family, given, sex, born, commune, start, end, "", "", ""]
            continue
        number, family, commune = (
            str(7_000_000_000_000 + line),
            chance.choice(names["families"]),
            chance.choice(communes),
        )
        day = date(2024, 1, 1) + timedelta(days=int(chance.random() * 900))
        start, end = f"{day:%d/%m/%Y}", f"{day + timedelta(days=1_095):%d/%m/%Y}"
        nina = f"7{line:013}X" if chance.random() < 0.33 else ""
        reference = f"{line % 1_000_000:06}/ANAM-01/{day:%m/%Y}"
        yield [number, "", "", family, given, sex, born, commune, start, end, reference, start, nina]


def _letters(line: int) -> str:
    return chr(97 + line % 26) + chr(97 + line // 26 % 26)


def _measured(server: PostgresServer, keys: KeyRing, folder: Path, file: Path, processes: int) -> Json:
    numbers = card_numbers(server.url, keys)
    tell(f"look-ups alone for {QUIET_SECONDS:.0f} s")
    with lookups(server.url, keys, numbers) as before:
        sleep(QUIET_SECONDS)
    command = [sys.executable, "-m", "gateway.command_line", "register", "import", "ramed", str(file)]
    command += ["--apply", "--json", "--processes", str(processes)]
    surroundings = {
        **os.environ,
        "DATABASE_URL": server.url,
        "RAMU_DATA_FOLDER": str(folder),
        "RAMU_KEY_FOLDER": str(folder / "keys"),
        "RAMU_SETTINGS": os.devnull,
        "PYTHONPATH": str(CHECKOUT),
    }
    server_before, before_us = _cpu_of(server.pid), os.times()
    busy = _machine_cpu()
    with lookups(server.url, keys, numbers) as during:
        started = perf_counter()
        with _running(command, surroundings) as child:
            peak = _peak_megabytes(child)
            output = child.communicate()[0]
        seconds = perf_counter() - started
    used, busy = os.times(), _machine_cpu() - busy
    return {
        "told": json.loads(output.splitlines()[-1]),
        "seconds": seconds,
        "peak_rss_mb": peak,
        "python_cpu": _children(used) - _children(before_us),
        "own_cpu": sum(used[:2]) - sum(before_us[:2]),
        "machine_cpu": busy,
        "postgresql_cpu": _cpu_of(server.pid) - server_before,
        "before_ms": before,
        "during_ms": during,
    }


@contextmanager
def _running(command: list[str], surroundings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that goes when the block ends before it does."""
    child = subprocess.Popen(command, env=surroundings, cwd=CHECKOUT, stdout=subprocess.PIPE)
    try:
        yield child
    finally:
        child.terminate()
        child.wait()


def judged(lines: int, dependants: int, processes: int, measured: Json) -> Json:
    """The figures beside their goals."""
    before, during = (percentile(measured[name], 95) for name in ("before_ms", "during_ms"))
    python, postgresql = (measured[name] / lines * 1e6 for name in ("python_cpu", "postgresql_cpu"))
    ours = measured["python_cpu"] + measured["postgresql_cpu"] + measured["own_cpu"]
    others = max(0.0, measured["machine_cpu"] - ours)
    found: Json = {
        "lines_per_second": round(lines / measured["seconds"]),
        "peak_rss_mb": round(measured["peak_rss_mb"]),
        "lookup_p95_ms": round(during, 2),
        "python_cpu_us_a_line": round(python, 1),
    }
    met = (
        found["lines_per_second"] >= LINES_A_SECOND,
        found["peak_rss_mb"] < MEGABYTES,
        during < MILLISECONDS or during < TIMES * before,
        python < CPU_US,
        measured["told"]["new"] == lines,
    )
    return {
        "measured": {
            **found,
            "lookup_p95_ms_before": round(before, 2),
            "lookups": len(measured["during_ms"]),
            "postgresql_cpu_us_a_line": round(postgresql, 1),
            "seconds": round(measured["seconds"], 1),
            "cores_taken_by_others": round(others / measured["seconds"], 2),
            "new": measured["told"]["new"],
            "rejected": measured["told"]["rejected"],
        },
        "goal": {
            "lines_per_second": f">= {LINES_A_SECOND}",
            "peak_rss_mb": f"< {MEGABYTES}",
            "lookup_p95_ms": f"< {MILLISECONDS} or < {TIMES} x before",
            "python_cpu_us_a_line": f"< {CPU_US}",
        },
        "lines": lines,
        "dependants_percent": dependants,
        "processes": processes,
        "server": SERVER_SETTINGS,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "ok": all(met),
    }


@contextmanager
def lookups(url: str, keys: KeyRing, numbers: list[str]) -> Iterator[list[float]]:
    """Look numbers up, one after the other at a steady pace, until the block ends; the milliseconds of each."""
    took: list[float] = []
    stop = Event()
    day, since = datetime.now(UTC).date(), datetime.now(UTC) - timedelta(minutes=30)
    database = Database.open(url, deadline_ms=None)

    def ask() -> None:
        place = 0
        while not stop.wait(LOOKUP_SECONDS):
            card = recognise(numbers[place % len(numbers)], day)
            place += 1
            started = perf_counter()
            if card is not None and by_number(database.reader(), keys, card, ASKER, since, day).rights:
                took.append((perf_counter() - started) * 1_000)

    thread = Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield took
    finally:
        stop.set()
        thread.join()
        database.dispose()


def _peak_megabytes(child: subprocess.Popen[bytes]) -> float:
    """The most memory that the process and all below it held at once, looked at every tenth of a second."""
    peak, told = 0.0, monotonic()
    while child.poll() is None:
        peak = max(peak, sum(map(_megabytes, (child.pid, *children_of(child.pid)))))
        if monotonic() - told > 30:
            told = monotonic()
            tell(f"peak memory so far {peak:.0f} MB")
        sleep(0.1)
    return peak


def _megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def _cpu_of(parent: int) -> float:
    """Seconds of CPU of a server: its processes, and those of its children that have ended."""
    fields = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return ended + sum(seconds_of(pid) for pid in (parent, *children_of(parent)))


def _children(times: os.times_result) -> float:
    return times.children_user + times.children_system


def _machine_cpu() -> float:
    """Seconds of CPU that everything on this machine has used: user, nice, system."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return sum(map(int, fields[1:4])) / os.sysconf("SC_CLK_TCK")
