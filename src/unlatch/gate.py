"""The gate: one for each app. Makes the parts of the core and hands them their stores;
holds no rule of its own.
"""

from collections.abc import Sequence

from unlatch.core.accounts import Accounts
from unlatch.core.addresses import Addresses
from unlatch.core.decoys import Decoys
from unlatch.core.email import Emails
from unlatch.core.freshness import Freshness
from unlatch.core.keyring import Keyring
from unlatch.core.keys import Keys
from unlatch.core.limits import Limits
from unlatch.core.mailed import MailedSecrets
from unlatch.core.passkeys import Passkeys
from unlatch.core.policy import Policy
from unlatch.core.ports import Stores, Throttle
from unlatch.core.sessions import Sessions
from unlatch.core.slow_hash import SlowHash
from unlatch.core.times import SECOND, Clock
from unlatch.settings import Settings


class Gate:
    """All that an app can ask of the core.

    Args:
        throttle: The counters of the limits.
        secret_keys: Those of the settings, or in development those kept beside the database.
        policy: What the host demands beyond the rules that always hold.
    """

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        throttle: Throttle,
        secret_keys: Sequence[bytes],
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.clock = clock
        self.stores = stores
        self.limits = Limits(throttle, clock)
        self.keys = Keys(secret_keys)
        self.sessions = Sessions(
            stores,
            clock,
            idle=settings.session_idle * SECOND,
            lifetime=settings.session_max * SECOND,
        )
        self.mailed = MailedSecrets(
            stores,
            self.limits,
            self.keys,
            SlowHash(),
            clock,
            lifetime=settings.mail_seconds * SECOND,
        )
        freshness = Freshness(policy)
        self.addresses = Addresses(stores, self.limits, self.mailed, freshness, clock)
        self.accounts = Accounts(
            stores,
            self.limits,
            self.sessions,
            self.addresses,
            clock,
            registration_open=settings.registration_open,
        )
        self.emails = Emails(stores, self.addresses, self.sessions, self.mailed, clock)
        self.passkeys = Passkeys(
            stores,
            self.limits,
            self.sessions,
            freshness,
            self.keys,
            Decoys(stores.meta),
            clock,
        )
        self.keyring = Keyring(stores, self.limits, freshness, clock)
