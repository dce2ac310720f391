"""What a site weighs, for a person to read: each part as lines."""

from collections.abc import Iterator
from functools import singledispatch

from sign_in_result import Spread
from weight_instructions import Instructions
from weight_memory import Memory
from weight_page import Loaded, Visits
from weight_start import HEAVY, Imports, Starts


@singledispatch
def lines(part: object) -> Iterator[str]:
    """Raises:
    TypeError: It is none of the parts.
    """
    raise TypeError(f"not a part: {part!r}")


@lines.register
def _(memory: Memory) -> Iterator[str]:
    yield f"\n{'memory, MB':24}{'PSS':>10}{'of it own':>12}"
    for one in memory.held:
        when = f"after {one.sign_ins} sign-ins" if one.sign_ins else "idle"
        yield f"{when:24}{one.memory:>10.1f}{one.own:>12.1f}"
    _, *after = memory.held
    grown = [after[-1].memory - after[0].memory, after[-1].own - after[0].own]
    yield f"{'the last two apart':24}{grown[0]:>+10.1f}{grown[1]:>+12.1f}"


@lines.register
def _(starts: Starts) -> Iterator[str]:
    yield "\nfrom `unlatch serve` to its first answer, ms"
    yield f"{'in a new folder':24}{_ms(starts.new)}"
    yield f"{'again in the same':24}{_ms(starts.again)}"


@lines.register
def _(imports: Imports) -> Iterator[str]:
    yield "\nin a new interpreter, ms"
    for name, seconds in imports.seconds.items():
        yield f"{f'import {name}':24}{_ms(seconds)}"
    for name in HEAVY:
        yield f"{name:24}{'imported, too' if name in imports.heavy else 'not imported'}"


@lines.register
def _(visits: Visits) -> Iterator[str]:
    heads = ("as sent", "gzipped", "plain", "headers")
    yield f"\n{'sign-in page, bytes':38}" + "".join(f"{head:>10}" for head in heads)
    for name, loaded in (("first visit", visits.first), ("second visit", visits.second)):
        yield from (_loaded(one.path, [one]) for one in loaded)
        yield _loaded(f"{name}: {len(loaded)} requests", loaded)


@lines.register
def _(found: Instructions) -> Iterator[str]:
    yield "\ninstructions, thousands"
    yield f"{'a sign-in':24}{found.sign_in / 1000:>10,.0f}   = {found.floors:.1f} raw verifications"
    yield f"{'a raw verification':24}{found.floor / 1000:>10,.0f}"
    yield f"{'the client, not counted':24}{found.client / 1000:>10,.0f}"


def _ms(of: Spread) -> str:
    return f"{of.median * 1000:.0f} ({of.least * 1000:.0f}-{of.most * 1000:.0f})"


def _loaded(name: str, loaded: list[Loaded]) -> str:
    sums = (
        sum(one.sent for one in loaded),
        sum(one.gzipped for one in loaded),
        sum(one.plain for one in loaded),
        sum(one.headers for one in loaded),
    )
    return f"{name:38}" + "".join(f"{one:>10}" for one in sums)
