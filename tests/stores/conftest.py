"""The contract's asserts tell what they saw, as those of test files do."""

import pytest

pytest.register_assert_rewrite("unlatch.testing.store_contract")
