"""`ramu run`: everything on one machine, for a demonstration or for development, from nothing to a phone that answers.

Database and queue are embedded unless DATABASE_URL and REDIS_URL name others. Whatever is started here ends with
this process, even when it is killed.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event
from time import monotonic
from typing import IO
from urllib.parse import urlencode

import click
from redis.exceptions import RedisError

from config.faults import Fault
from config.jobs import LANES, TRANSACTIONAL
from config.settings import CHECKOUT, Settings, load
from gateway.register import keys_made_if_missing, prepare_demo
from gateway.runtime import redis_client, utc_now
from models import demo_world
from workers.children import Child, Family
from workers.servers import RedisServer, ServerFailed, ServerMissing
from workers.servers.process import tail
from workers.web import check_port, check_provider_port

MOST_LOG_BYTES = 20_000_000
START_SECONDS = 30.0

SCREEN = """\
RAMU runs. Everybody in it is invented.

  Phone simulator   {address}/simulator
  Health            {address}/health/ready
  SMS provider      {provider}, simulated; what a phone got: /simulate/outbox?number=%2B{digits}
  Mobile money      the same, simulated; its books: /money/counts; who fails: ./ramu payments numbers

Try:
  1. In the simulator, call {code} from {phone}.
  2. Type {number}, a card's number: its scheme is found from its shape.
  3. Dial from a programme:
     curl -d '{form}' {address}/hooks/africastalking/demo/ussd
  4. Send an SMS and read the answer:
     ./ramu sms --from {phone} --url {address} {number}

Ctrl-C stops everything. Data in {folder}, logs {logs}.
"""


@click.command()
def run() -> None:
    """Serve the demonstration: web, jobs and an embedded queue, until Ctrl-C.

    Example: PORT=8001 ramu run
    """
    stop = _stop_signals()
    settings = load(demo=True)
    with ExitStack() as stack:
        stack.enter_context(_alone(settings.data_folder))
        check_port(settings)
        check_provider_port(settings)
        redis = _redis(settings, stack)
        if redis:
            settings = load(demo=True, redis_url=redis.url)
        keys_made_if_missing(settings)
        output = _output(settings)
        family = stack.enter_context(Family(_environment(settings), output))
        family.start("simulated provider", "provider", "simulate", "--port", str(settings.port + 1))
        web = family.start("web", "web")
        # The web processes need as long to start as the tables and people: both go on at once.
        prepare_demo(settings, utc_now())
        _wait_until_ready(settings, web, stop)
        for lane in (*LANES, TRANSACTIONAL):
            # Two for what people wait for: one may be waiting for a slow provider.
            family.start(f"worker of {lane}", "worker", "--lane", lane)
        family.start("tick", "tick")
        if not stop.is_set():
            _show(settings, output)
        family.watch(stop, redis)


def _stop_signals() -> Event:
    """Set by Ctrl-C, SIGTERM, and by the end of the terminal unless that was asked to be ignored."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: stop.set())
    return stop


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two installations on the same data would destroy it. Raises Fault."""
    file = folder / "run.lock"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError as fault:
        raise Fault(f"{folder}: {fault.strerror}. Remedy: RAMU_DATA_FOLDER=<a folder of yours>") from fault
    with file.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Fault(
                f"another ramu run uses {folder}. Remedy: stop it, or RAMU_DATA_FOLDER=<another folder>"
            ) from None
        yield


def _redis(settings: Settings, stack: ExitStack) -> RedisServer | None:
    """The embedded server, unless a setting names another, which must answer."""
    if "redis_url" in settings.model_fields_set:
        _check_redis(settings)
        return None
    try:
        server = RedisServer.start(settings.data_folder / "redis")
    except (ServerMissing, ServerFailed) as fault:
        raise Fault(str(fault)) from fault
    stack.callback(server.stop)
    return server


def _check_redis(settings: Settings) -> None:
    try:
        with redis_client(settings) as client:
            client.ping()
    except RedisError as fault:
        raise Fault(
            f"Redis does not answer ({type(fault).__name__}). Remedy: correct REDIS_URL, or unset it"
        ) from None


def _environment(settings: Settings) -> dict[str, str]:
    """What the processes are told: the same settings, wherever they came from."""
    return {
        **os.environ,
        "RAMU_DEMO": "true",
        "RAMU_DATA_FOLDER": str(settings.data_folder),
        "RAMU_KEY_FOLDER": str(settings.key_folder),
        "RAMU_LOG_FORMAT": os.environ.get("RAMU_LOG_FORMAT", "text"),
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "PORT": str(settings.port),
        # Nobody in the demonstration exists: no message of it may reach a phone.
        "RAMU_PROVIDER": "simulated",
        "RAMU_PROVIDER_URL": _provider_address(settings),
        "RAMU_MONEY": "simulated",
        "RAMU_MONEY_URL": _provider_address(settings),
        "PYTHONPATH": str(CHECKOUT),
    }


def _provider_address(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.port + 1}"


def _output(settings: Settings) -> IO[bytes] | None:
    """The log file, or None for the terminal. A pipe that nobody reads would in time stop every process."""
    if sys.stderr.isatty():
        return None
    file = settings.data_folder / "gateway.log"
    if file.exists() and file.stat().st_size > MOST_LOG_BYTES:
        file.replace(file.with_suffix(".log.1"))
    return file.open("ab")


def _wait_until_ready(settings: Settings, web: Child, stop: Event) -> None:
    until = monotonic() + START_SECONDS
    while not stop.wait(0.05):
        if _is_ready(settings):
            return
        if web.process.poll() is not None or monotonic() > until:
            log = settings.data_folder / "gateway.log"
            raise Fault(
                f"the web server did not start: {tail(log) if not sys.stderr.isatty() else 'see above'}"
            )


def _is_ready(settings: Settings) -> bool:
    connection = HTTPConnection(settings.host, settings.port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _show(settings: Settings, output: IO[bytes] | None) -> None:
    people = demo_world.expected()
    phone = next(one.phone for one in people if one.phone)
    number = next(one.number for one in people if one.number and one.verdict == "VALIDE")
    logs = "on this terminal" if output is None else f"in {output.name}"
    click.echo(
        SCREEN.format(
            address=settings.address,
            code=settings.service_code,
            provider=_provider_address(settings),
            digits=phone.removeprefix("+"),
            phone=phone,
            number=number,
            form=urlencode(
                {"sessionId": "1", "phoneNumber": phone, "serviceCode": settings.service_code, "text": ""}
            ),
            folder=settings.data_folder,
            logs=logs,
        )
    )
