"""What came of it, as tables for people."""

import math
from collections.abc import Callable, Iterator, Sequence

from endurance_result import Result, Waits
from endurance_samples import Sample, Use

_LINES = 12


def lines(result: Result) -> Iterator[str]:
    """For people."""
    yield f"{result.due} sign-ins in {result.seconds:.0f} seconds, {result.rate:g} a second"
    yield ""
    yield from _course(result.samples)
    told = "too few samples" if result.slope is None else f"{result.slope:+.2f} MB an hour"
    half = result.samples[-1].at / 120
    yield f"\nmemory of the workers, slope of the last {half:.1f} minutes: {told}\n"
    yield from _held(result.samples)
    yield from _grown(result.samples[-1])
    yield from _waited(result)
    shares = ", ".join(f"{name} {share:.0%}" for name, share in result.processor.items())
    yield f"\nof one processor: {shares}"


def _course(samples: Sequence[Sample]) -> Iterator[str]:
    # The first is from before all; the last may have been taken straight after another.
    step = max(1, math.ceil((len(samples) - 2) / _LINES))
    names = ("main MB", "workers MB", "database MB", "redis MB", "tables MB")
    yield f"{'minute':>8}" + "".join(f"{name:>13}" for name in names)
    for one in samples[step::step][:_LINES]:
        memory = [one.processes[name].memory for name in ("main", "database", "redis")]
        tables = sum(table.bytes for table in one.tables) / 1e6
        figures = (memory[0], one.workers.memory, *memory[1:], tables)
        yield f"{one.at / 60:>8.1f}" + "".join(f"{figure:>13.1f}" for figure in figures)


def _held(samples: Sequence[Sample]) -> Iterator[str]:
    """Of each process, a worker that came later from then on."""
    yield f"{'':14}{'descriptors':>21}{'threads':>24}"
    yield f"{'':14}" + f"{'start':>8}{'max':>8}{'end':>8}" * 2
    for name in dict.fromkeys(name for one in samples for name in one.processes):
        uses = [one.processes[name] for one in samples if name in one.processes]
        yield (
            f"{name:14}"
            + _ends(uses, lambda use: use.descriptors)
            + _ends(uses, lambda use: use.threads)
        )


def _ends(uses: Sequence[Use], of: Callable[[Use], int]) -> str:
    figures = [of(use) for use in uses]
    return f"{figures[0]:>8}{max(figures):>8}{figures[-1]:>8}"


def _grown(last: Sample) -> Iterator[str]:
    yield f"\n{'at the end':20}{'rows':>12}{'MB':>10}"
    for one in last.tables:
        yield f"{one.table:20}{one.rows:>12}{one.bytes / 1e6:>10.1f}"


def _waited(result: Result) -> Iterator[str]:
    heads = ("asked", "answered", "refused", "failed")
    yield (
        f"\n{'':14}"
        + "".join(f"{head:>9}" for head in heads)
        + _times("p50", "p99", "p99.9", "max")
    )
    for what, one in result.asked.items():
        counts = (one.waits.many, one.answered, one.refused, one.failed)
        yield f"{what:14}" + "".join(f"{count:>9}" for count in counts) + _waits(one.waits)
    yield f"{'began late by':50}" + _waits(result.lateness)
    for what, one in result.asked.items():
        for why, many in one.why.items():
            yield f"{what} {why}: {many}"


def _waits(of: Waits) -> str:
    return _times(*(f"{one:.1f}" for one in (of.p50, of.p99, of.p999, of.most))).replace(" ms", "")


def _times(*figures: str) -> str:
    return "".join(f"{figure:>9}" for figure in figures) + " ms"
