"""The contracts' asserts tell what they saw, as those of test files do. Said before any test file
is read: what is imported already cannot be rewritten any more.
"""

import signal
from pathlib import Path

import profiles
import pytest
from hypothesis import settings

SLOW = [
    Path(__file__).parent / name
    for name in ("attacks", "browser", "examples", "faults", "properties")
]

pytest.register_assert_rewrite(
    "unlatch.testing.store_contract", "unlatch.testing.throttle_contract"
)


settings.register_profile("suite", profiles.SUITE)
settings.load_profile("suite")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has what it starts with `&` ignore Ctrl-C, and so would every server that is started
    # from here, whose answer to Ctrl-C some tests look at.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in SLOW):
            item.add_marker(pytest.mark.slow)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Who wants none of the slow ones need not wait until they are all read."""
    unwanted = config.option.markexpr == "not slow" and collection_path in SLOW
    return True if unwanted else None  # None leaves it to pytest
