"""Strands: pieces of work that take turns in one thread. While one waits for a socket, the others go on.

A thread that waits costs the kernel two changes of threads, and a hop waits three times. What a hop does is written
once, for both: only the few places that wait ask whether they are in a strand. Whatever else could hold up its thread
(a transaction, a new connection, the disk) is handed to a thread of its own by `blocking`.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, get_running_loop
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from threading import Event, get_ident
from time import sleep
from typing import Any, TypeVar, cast

from greenlet import getcurrent, greenlet

T = TypeVar("T")


class Strand(greenlet):
    """Does one piece of work after the other in the thread of an event loop. `own` is what a piece keeps for itself
    while it lasts; `threads` do for it what would hold up the others.
    """

    def __init__(self, loop: AbstractEventLoop, threads: Executor, at_leisure: deque[Strand]) -> None:
        super().__init__(self._work)
        self.loop = loop
        self.threads = threads
        self.own: dict[object, Any] = {}
        self._at_leisure = at_leisure

    def wait(self) -> Any:
        """Lets the others go on until somebody calls `switch`, in the loop's thread; what was given to it."""
        return cast(greenlet, self.parent).switch()

    def _work(self, work: Callable[[], None]) -> None:
        while True:
            work()
            self.own.clear()
            self._at_leisure.append(self)
            work = self.wait()


def current() -> Strand | None:
    """The strand that asks; None in a thread."""
    strand = getcurrent()
    return strand if type(strand) is Strand else None


class Strands:
    """The strands of one loop, beside these threads. One that has done its work is kept: a new one needs new memory."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._at_leisure: deque[Strand] = deque()

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Does the work in a strand of its own; what it returns. Raises what it raises."""
        loop = get_running_loop()
        done: Future[T] = loop.create_future()

        def whole() -> None:
            try:
                outcome = work(*arguments)
            except Exception as fault:  # noqa: BLE001 - whoever waits for the work is told
                if not done.done():
                    done.set_exception(fault)
            else:
                # Who waited may have been cancelled meanwhile.
                if not done.done():
                    done.set_result(outcome)

        strand = self._at_leisure.pop() if self._at_leisure else Strand(loop, self._threads, self._at_leisure)
        strand.switch(whole)
        return await done


def blocking(work: Callable[..., T], *arguments: Any) -> T:
    """Does what would hold up the other strands: from a strand in a thread, from a thread at once."""
    strand = current()
    if strand is None:
        return work(*arguments)
    done = strand.loop.run_in_executor(strand.threads, work, *arguments)
    done.add_done_callback(lambda _: strand.switch())
    strand.wait()
    return done.result()


def pause(seconds: float) -> None:
    """Waits for so long."""
    strand = current()
    if strand is None:
        sleep(seconds)
    else:
        strand.loop.call_later(seconds, strand.switch)
        strand.wait()


class Listening:
    """That a socket is listened to by a loop, from now until `end`."""

    __slots__ = ("_descriptor", "_loop", "_thread")

    def __init__(self, loop: AbstractEventLoop, descriptor: int, heard: Callable[[], None]) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._thread = get_ident()
        loop.add_reader(descriptor, heard)

    def end(self) -> None:
        """Ends it, before the socket is closed; in the loop's thread, whoever asks."""
        if self._loop.is_closed():
            return
        if get_ident() == self._thread:
            self._loop.remove_reader(self._descriptor)
        elif self._loop.is_running():
            ended = Event()
            self._loop.call_soon_threadsafe(self._end, ended)
            ended.wait(1.0)

    def _end(self, ended: Event) -> None:
        self._loop.remove_reader(self._descriptor)
        ended.set()


class Wire:
    """A socket that is listened to for strands, one at a time: `wait` ends when it can be read.

    It is listened to all the time, since to begin and to end costs as much as to wait. So whoever closes the socket
    closes this first.
    """

    __slots__ = ("_listening", "_strand", "open")

    def __init__(self, loop: AbstractEventLoop, descriptor: int) -> None:
        self._strand: Strand | None = None
        self.open = True
        self._listening = Listening(loop, descriptor, self._heard)

    def wait(self) -> None:
        """Waits until there is something to read; at once when the other side said something unasked, or ended."""
        if self.open:
            self._strand = strand = cast(Strand, getcurrent())
            strand.wait()

    def close(self) -> None:
        """Listens no more."""
        if self.open:
            self.open = False
            self._listening.end()

    def _heard(self) -> None:
        strand, self._strand = self._strand, None
        if strand is None:
            # Nobody asked: the server ends the connection. Whoever takes it next sees that.
            self.close()
        else:
            strand.switch()
