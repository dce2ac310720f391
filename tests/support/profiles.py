"""How hard Hypothesis tries: in the tests, and in `make fuzz`."""

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

SUITE = settings(
    max_examples=25,
    derandomize=True,  # a red test is red again
    database=None,
    deadline=None,  # machines are slow at times, and no test is about time
    suppress_health_check=[HealthCheck.too_slow],
)


def fuzz(corpus: Path) -> settings:
    """One round of one property; what it found is tried first in the next.

    Args:
        corpus: A folder, made when there is something to keep.
    """
    return settings(
        SUITE,
        max_examples=1000,
        derandomize=False,
        database=DirectoryBasedExampleDatabase(corpus),
        print_blob=True,
    )
