"""What every part of the sandbox is given: the store, the clock and whoever delivers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from sandbox.clock import Clock
from sandbox.faults.plan import Faults
from sandbox.faults.pools import Pools
from sandbox.idempotency import Keys
from sandbox.settings import Settings
from sandbox.store import AccountStore, Store

if TYPE_CHECKING:
    from sandbox.delivery import Deliverer
    from sandbox.engine import Engine
    from sandbox.mail import Mailbox


@dataclass(frozen=True)
class ApiRequest:
    """The API request that is being answered; events name it as their cause."""

    id: str
    idempotency_key: str | None = None


CURRENT_REQUEST: ContextVar[ApiRequest | None] = ContextVar("current_request", default=None)


@dataclass
class Context:
    """One sandbox. `base_url` is known once the server listens; `server.Sandbox` sets what has no default.

    `account` is the connected account in whose books everything happens; None for the platform's own, which `platform`
    leads back to.

    `attempts` takes delivery log rows from the deliverer's threads; whoever holds the store's lock next folds them in,
    so that no thread ever waits for the store while holding the deliverer.
    """

    clock: Clock
    store: Store = field(default_factory=Store)
    settings: Settings = field(default_factory=Settings)
    base_url: str = ""
    account: str | None = None
    attempts: SimpleQueue[dict[str, Any]] = field(default_factory=SimpleQueue)
    keys: Keys = field(default_factory=Keys)
    faults: Faults = field(default_factory=Faults)
    pools: Pools = field(default_factory=Pools)
    save: Callable[[], str | None] = lambda: None
    engine: Engine = field(init=False)
    deliverer: Deliverer = field(init=False)
    mailbox: Mailbox = field(init=False)
    _platform: Context | None = None

    def now(self) -> int:
        """Sandbox time in unix seconds."""
        return self.clock.now()

    @property
    def platform(self) -> Context:
        """The platform's own books."""
        return self._platform or self

    def of(self, account: str) -> Context:
        """The same sandbox in the books of a connected account."""
        there = copy.copy(self)
        there.account, there.store, there._platform = account, AccountStore(self.platform.store, account), self.platform
        return there
