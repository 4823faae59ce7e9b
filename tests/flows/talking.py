"""A telephone for tests: it dials, types and looks, on the real menu, and what it asks for is really done."""

from __future__ import annotations

from dataclasses import dataclass, field

from flows import gsm7
from flows.context import Context
from flows.engine import Step, hop
from flows.session import Session
from flows.world import World
from gateway.outbox import carry_out
from models.identifiers import Msisdn


@dataclass
class Phone:
    """A phone in a world. Each call has its own session; what was said is kept as a transcript."""

    world: World
    number: Msisdn
    step: Step | None = None
    text: str = ""
    calls: int = 0
    left: Session | None = None
    transcript: list[str] = field(default_factory=list)

    def dial(self, code: str = "*212#") -> Phone:
        """A new call; a form left open by the last one is offered again, as the gateway keeps it for an hour."""
        self.calls += 1
        self.text = code.removeprefix("*212").strip("*#")
        self.step = None
        self.transcript.append(f">>> {code}")
        return self._hop()

    def types(self, *keys: str) -> Phone:
        """Types one thing after the other, sending each."""
        for typed in keys:
            assert self.step is not None, "dial first"
            assert not self.step.screen.ends, f"the call is over: {self.screen}"
            self.text = f"{self.text}*{typed}" if self.text else typed
            self.transcript.append(f">>> {typed}")
            self._hop()
        return self

    def again(self) -> Step:
        """The last hop once more, as a provider that heard no answer repeats it."""
        before = self.before
        return hop(before, self.text, self._context())

    def drops(self) -> Phone:
        """The network loses the call."""
        self.transcript.append("--- coupé")
        return self

    def sees(self, *parts: str) -> Phone:
        """Each part stands on the screen."""
        for part in parts:
            assert part in self.screen, f"{part!r} is not on the screen:\n{self.screen}"
        return self

    def sees_not(self, *parts: str) -> Phone:
        """No part stands on the screen."""
        for part in parts:
            assert part not in self.screen, f"{part!r} is on the screen:\n{self.screen}"
        return self

    def sees_page(self, name: str) -> Phone:
        """The screen has this name."""
        assert self.step is not None
        assert self.step.session.place.screen == name, f"{self.step.session.place.screen}:\n{self.screen}"
        return self

    def ends(self) -> Phone:
        """The call is over."""
        assert self.step is not None
        assert self.step.screen.ends, self.screen
        return self

    @property
    def screen(self) -> str:
        """What the phone shows."""
        assert self.step is not None, "dial first"
        return self.step.screen.text

    def _hop(self) -> Phone:
        self.before = self.step.session if self.step else None
        context = self._context()
        self.step = hop(self.before, self.text, context)
        carry_out(self.world.register, self.step.effects, context)
        if self.step.resumable is not None:
            self.left = self.step.session if self.step.resumable else None
        used, most = gsm7.room(self.screen, self.step.session.charset)
        assert used <= most, self.screen
        self.transcript.append(self.screen + ("\n--- fin" if self.step.screen.ends else ""))
        return self

    def _context(self) -> Context:
        key = f"{self.number.e164} {self.calls} {self.text}"
        return self.world.context(self.number, key, self.left if self.before is None else None)
