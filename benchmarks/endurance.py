"""An hour of load in one go: does it grow, does it leak, how long does one wait?

    python benchmarks/endurance.py                           an hour, ten sign-ins a second
    python benchmarks/endurance.py --minutes 5 --rate 5      shorter, and less
    make bench-endurance ARGS="--minutes 60 --json all.json" the same by make

People sign in through `unlatch serve --workers 2` on PostgreSQL and Redis, each with a signature of
their own, look at their account, and sign out; every five seconds somebody does so by a mailed
code. They come at a fixed rate whatever became of those before them, and what they wait counts from
the moment when it was due: for the first step that is by the clock, for each other when the one
before was answered. So a site that stands still makes all wait who come meanwhile.

Once a minute it is read from /proc what each process holds: memory (PSS: what several share is
counted once), descriptors, threads; and how large the tables are. The first sample is from before
the first visit, the last from when all have hung up.

Where something failed, `--log FILE` has what the site said about it. Ctrl-C ends it early, with
what there is so far; a second one at once. Servers are of its own, on free ports of 127.0.0.1, and
keep what was committed. docs/scaling.md says what follows from it. (Linux.)
"""

import argparse
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

import msgspec
from endurance_crowd import Crowd
from endurance_result import Result, Waits, asked, slope
from endurance_samples import Sampler
from endurance_told import lines
from postgres import Postgres
from postman import mail_server
from processes import free_port
from redis_servers import alone
from scaling_browser import Browser
from scaling_processes import Processor, busy_seconds
from scaling_site import Site, leaned_on, people, serving

WORKERS = 2
_ALL = "the whole machine"


def run(how: argparse.Namespace, ends: ExitStack) -> Result:
    """Start all that it takes, and end it with `ends`."""
    home = Path(ends.enter_context(TemporaryDirectory()))
    server = Postgres(safe=True)
    ends.callback(server.stop)
    url = server.url(server.empty())
    who = people(url, how.people)
    redis = ends.enter_context(alone(home / "redis"))
    postman = ends.enter_context(mail_server(free_port()))
    others = leaned_on(server, redis)
    site = Site(home, url, redis.url, WORKERS, others, postman.port, how.log)
    served = ends.enter_context(serving(site))
    Browser(served.port).ask("GET", "/session")  # waits until somebody answers
    crowd = Crowd(served.port, who, postman)
    return measure(crowd, Sampler(served.pid, others, url), served.processor, how)


def measure(
    crowd: Crowd, sampler: Sampler, processor: Processor, how: argparse.Namespace
) -> Result:
    sampler.take()
    used, began = _used(processor), time.perf_counter()
    with sampler.taking(how.every, lambda: _progress(crowd, began)):
        crowd.come(how.rate, how.minutes * 60)
        seconds = time.perf_counter() - began
        shares = {name: (now - used[name]) / seconds for name, now in _used(processor).items()}
        shares["others"] = max(0.0, shares.pop(_ALL) - sum(shares.values()))
    crowd.leave()
    sampler.take()
    return Result(
        seconds=seconds,
        rate=how.rate,
        due=crowd.due,
        slope=slope(sampler.samples),
        lateness=Waits.of(crowd.book.lateness),
        asked=asked(crowd.book),
        processor=shares,
        samples=sampler.samples,
    )


def _progress(crowd: Crowd, began: float) -> None:
    minutes = (time.perf_counter() - began) / 60
    ends = ", ".join(f"{many} {end}" for end, many in crowd.book.counts().items())
    print(f"minute {minutes:.1f}: {ends}", file=sys.stderr, flush=True)


def _used(processor: Processor) -> dict[str, float]:
    return processor.seconds() | {"the crowd": time.process_time(), _ALL: busy_seconds()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=10, help="sign-ins by passkey a second")
    parser.add_argument("--every", type=float, default=60, help="seconds from sample to sample")
    parser.add_argument("--people", type=int, default=1000, help="who sign in")
    parser.add_argument("--json", type=Path, help="write all of it to this file, too")
    parser.add_argument(
        "--log", type=Path, default=Path(os.devnull), help="of the site, appended to"
    )
    how = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: no server outlives it
    with ExitStack() as ends:
        result = run(how, ends)
        print("\n".join(lines(result)), flush=True)
        if how.json:
            how.json.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2))


if __name__ == "__main__":
    main()
