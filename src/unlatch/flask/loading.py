"""What is otherwise loaded when somebody first needs it."""

from uuid import UUID

from unlatch.core.browsers import browser_name
from unlatch.core.providers import provider_name


def load_names() -> None:
    """Read the long tables of browsers' and of passkey providers' names, which takes a third of a
    second of CPU.
    """
    browser_name("")
    provider_name(str(UUID(int=0)))
