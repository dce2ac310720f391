"""The store in dictionaries keeps every promise."""

import subprocess
import sys

import pytest

from unlatch.stores import open_stores
from unlatch.testing.store_contract import StoreContract


class TestMemory(StoreContract):
    @pytest.fixture
    def stores(self):
        return open_stores("memory:")


@pytest.mark.slow
def test_memory_needs_no_sqlalchemy():
    """Nor does importing the package: who brings another store pays for no other."""
    code = "import sys; from unlatch.stores import open_stores; open_stores('memory:')"
    script = f"{code}; sys.exit('sqlalchemy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
