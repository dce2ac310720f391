"""What holds for whatever is typed or sent. In the tests a little of it is tried, always the
same; `make fuzz` tries the same properties for as long as one likes.

A property takes nothing but what Hypothesis draws, no fixtures: so that both can run it.
"""

from pathlib import Path

import profiles
import pytest
from hypothesis import settings

CORPUS = Path("build/fuzz-corpus")

settings.register_profile("fuzz", profiles.fuzz(CORPUS))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Under the profile that pytest was told, if it was: so that other folders' tests stay as they
    are.
    """
    chosen = item.config.getoption("--hypothesis-profile", None)
    if chosen and isinstance(item, pytest.Function):
        settings.get_profile(chosen)(item.obj)
