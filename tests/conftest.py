"""The contracts' asserts tell what they saw, as those of test files do. Said before any test file
is read: what is imported already cannot be rewritten any more.
"""

import pytest

pytest.register_assert_rewrite(
    "unlatch.testing.store_contract", "unlatch.testing.throttle_contract"
)
