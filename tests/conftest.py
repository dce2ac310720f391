"""The contracts' asserts tell what they saw, as those of test files do. Said before any test file
is read: what is imported already cannot be rewritten any more.
"""

from pathlib import Path

import pytest

SLOW = [Path(__file__).parent / name for name in ("attacks", "browser", "examples", "properties")]

pytest.register_assert_rewrite(
    "unlatch.testing.store_contract", "unlatch.testing.throttle_contract"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in SLOW):
            item.add_marker(pytest.mark.slow)
