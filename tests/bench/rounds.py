"""The measurement: the contenders take turns, round after round, so that a noisy neighbour hits all alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from tests.bench.contenders import SECRET
from tests.bench.figures import Json, Sample, median_ratio, percentile, report, summary
from tests.bench.layers import Layer, Work, measured
from tests.bench.stage import BUILDER, FEW, FLASK, GATEWAY, WSGI, Stage
from tests.bench.words import tell

CALLS_ABREAST = 100
"""Calls in the air at a constant pace: at 200 hops a second each types half a second after it dialled."""

RATE = 200.0
"""Hops a second of the tail (goal of issue 2)."""

Samples = dict[str, list[Sample]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: rounds, hops of each kind in a round, seconds of the tail in all, hops for the layers."""

    rounds: int
    hops: int
    seconds: float
    layer_hops: int


@dataclass(slots=True)
class Findings:
    """What the rounds gave: samples by contender and hop, times at a constant pace by contender."""

    samples: Samples = field(default_factory=lambda: defaultdict(list))
    tails: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def run(stage: Stage, plan: Plan) -> Findings:
    """All rounds, after one that warms up (caches, compiled code, prepared statements) and is thrown away."""
    tell("warming up")
    _round(stage, plan, 0, Findings())
    findings = Findings()
    for place in range(1, plan.rounds + 1):
        _round(stage, plan, place, findings)
        tell(f"round {place} of {plan.rounds}: {_last(findings.samples)}")
    return findings


def _round(stage: Stage, plan: Plan, place: int, findings: Findings) -> None:
    """One turn of everybody, in the other direction every second time: who comes first has no advantage."""
    turns: dict[str, Callable[[Stage, str, int, Samples], None]] = {
        WSGI: _constant,
        FLASK: _constant,
        GATEWAY: _gateway,
        FEW: _conversation,
        BUILDER: _conversation,
    }
    for name, turn in list(turns.items())[:: 1 if place % 2 else -1]:
        if name in stage.entrants:
            turn(stage, name, plan.hops, findings.samples)
    hops = int(plan.seconds / plan.rounds * RATE)
    for name in (GATEWAY, FLASK):
        forms = stage.entrants[name].calls.stream(hops, CALLS_ABREAST)
        findings.tails[name] += stage.at_a_pace(name, forms, RATE)


def _constant(stage: Stage, name: str, hops: int, samples: Samples) -> None:
    samples[name].append(stage.measure(name, stage.entrants[name].calls.batch(hops).cards))


def _conversation(stage: Stage, name: str, hops: int, samples: Samples) -> None:
    """Every call dials, types a card's number, steps aside and comes back to the answer.

    The last is the hop that is compared: session, one register read, logs, metrics, on both sides. The look-up before
    it also commits the gateway's row of the audit trail, which nobody else keeps: it is told beside it.
    """
    batch = stage.entrants[name].calls.batch(hops)
    ours = name != BUILDER
    samples[f"{name}: dial"].append(stage.measure(name, batch.dials, "home.home" if ours else "CON"))
    samples[f"{name}: look-up"].append(stage.measure(name, batch.cards, "rights.person" if ours else "CON"))
    stage.measure(name, batch.asides, "language.choose" if ours else "CON")
    samples[name].append(stage.measure(name, batch.returns, "rights.person" if ours else "CON"))


def _gateway(stage: Stage, name: str, hops: int, samples: Samples) -> None:
    _conversation(stage, name, hops, samples)
    batch = stage.entrants[name].calls.batch(hops // 2)
    stage.measure(name, batch.dials, "home.home")
    stage.measure(name, batch.menus, "free_care.")
    samples[f"{name}: menu"].append(stage.measure(name, batch.submenus, "free_care."))


def _last(samples: Samples) -> str:
    unit = samples[FLASK][-1].cpu_us
    compared = [name for name in (FLASK, GATEWAY, FEW, BUILDER) if name in samples]
    return ", ".join(
        f"{name} {samples[name][-1].cpu_us:.0f} us ({samples[name][-1].cpu_us / unit:.2f})"
        for name in compared
    )


def layers_of(stage: Stage, hops: int) -> list[Layer]:
    """What each layer of the hop costs, in one process without the web server."""
    tell("measuring the layers")
    batch = stage.entrants[GATEWAY].calls.batch(hops)
    log = stage.entrants[GATEWAY].server.log.with_name("layers.log")
    return measured(Work(batch.dials, batch.cards, SECRET), stage.environment, log)


def judged(stage: Stage, findings: Findings, layers: list[Layer], facts: Json) -> Json:
    """The report of a run: every contender, the ratios round by round, the goals."""
    samples = findings.samples
    builder = median_ratio(samples[BUILDER], samples[GATEWAY]) if BUILDER in samples else None
    figures = {
        "hop_to_bare_flask": median_ratio(samples[GATEWAY], samples[FLASK]),
        "menu_builder_to_hop": builder,
        "large_to_small_register": median_ratio(samples[GATEWAY], samples[FEW]),
        "p99_ms_at_200_hops_a_second": percentile(findings.tails[GATEWAY], 99),
    }
    contenders = {name: summary(taken) for name, taken in samples.items()}
    absent = {name: {"not_measured": reason} for name, reason in stage.absent.items()}
    tails = {
        name: {"hops": len(times), "p50_ms": _rounded(times, 50), "p99_ms": _rounded(times, 99)}
        for name, times in findings.tails.items()
    }
    measured_all: Json = {
        **facts,
        "audited_look_up_to_bare_flask": round(
            median_ratio(samples[f"{GATEWAY}: look-up"], samples[FLASK]), 3
        ),
        "audited_look_up_large_to_small_register": round(
            median_ratio(samples[f"{GATEWAY}: look-up"], samples[f"{FEW}: look-up"]), 3
        ),
        "dial_to_bare_flask": round(median_ratio(samples[f"{GATEWAY}: dial"], samples[FLASK]), 3),
        "menu_to_bare_flask": round(median_ratio(samples[f"{GATEWAY}: menu"], samples[FLASK]), 3),
        "contenders": {**contenders, **absent},
        "at_200_hops_a_second": tails,
        "layers_us": {layer.name: {"cpu": layer.cpu_us, "clock": layer.clock_us} for layer in layers},
    }
    return report(measured_all, figures)


def floor_us(findings: Findings) -> float:
    """Microseconds that the web server takes for a request by itself."""
    return median(sample.cpu_us for sample in findings.samples[WSGI])


def _rounded(times: list[float], percent: float) -> float:
    return round(percentile(times, percent), 2)
