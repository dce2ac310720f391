"""What every store promises (`unlatch.core.ports`), as tests for pytest.

Give them your store and they are yours::

    class TestMyStores(StoreContract):
        @pytest.fixture
        def stores(self):
            stores = MyStores()
            yield stores
            stores.close()

Each test gets stores of its own, empty. Races are part of the promise: several threads use
one `Stores` at once.
"""

from unlatch.testing.store_contract.accounts import AccountPromises
from unlatch.testing.store_contract.admissions import AdmissionPromises
from unlatch.testing.store_contract.ceremonies import CeremonyPromises
from unlatch.testing.store_contract.events import EventPromises
from unlatch.testing.store_contract.mails import MailPromises
from unlatch.testing.store_contract.meetings import MeetingPromises
from unlatch.testing.store_contract.meta import MetaPromises
from unlatch.testing.store_contract.outbox import OutboxPromises
from unlatch.testing.store_contract.passkeys import PasskeyPromises
from unlatch.testing.store_contract.sessions import SessionPromises
from unlatch.testing.store_contract.steps import StepUpPromises
from unlatch.testing.store_contract.units import UnitPromises

__all__ = ["StoreContract"]


class StoreContract(
    AccountPromises,
    AdmissionPromises,
    PasskeyPromises,
    SessionPromises,
    StepUpPromises,
    MailPromises,
    OutboxPromises,
    CeremonyPromises,
    EventPromises,
    MetaPromises,
    UnitPromises,
    MeetingPromises,
):
    """All promises. A subclass gives the fixture `stores`."""
