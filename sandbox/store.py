"""Everything the sandbox knows: Stripe objects by type and id, what Stripe keeps to itself, and work to come."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator
from typing import Any

from sandbox import ids
from sandbox.errors import no_such

Object = dict[str, Any]

OBJECT_NOUNS = {"balance_transaction": "balance transaction", "webhook_endpoint": "webhook endpoint"}
OBJECT_PARAMS = {"checkout.session": "session", "payment_intent": "intent"}


class Store:
    """Objects in order of creation, under one lock.

    `objects[type][id]` is what the API shows, `accounts[account]` the same of connected accounts; `private[id]` is what
    an object needs and never shows (the card behind a payment method, the line items of a session). `jobs` is a heap of
    (due, number, kind, subject). Whoever reads or writes holds `lock`.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.objects: dict[str, dict[str, Object]] = {}
        self.accounts: dict[str, dict[str, dict[str, Object]]] = {}
        self.private: dict[str, dict[str, Any]] = {}
        self.jobs: list[tuple[int, int, str, str]] = []
        self.counter = 0

    def is_empty(self) -> bool:
        """Nothing but webhook endpoints: the clock may still be put anywhere."""
        return not any(table for name, table in self.objects.items() if name != "webhook_endpoint")

    def add(self, obj: Object, **private: Any) -> Object:
        """Keep a new object; `private` stays behind the counter."""
        self.objects.setdefault(obj["object"], {})[obj["id"]] = obj
        if private:
            self.private[obj["id"]] = private
        return obj

    def remove(self, object_name: str, identifier: str) -> None:
        """Drop an object for good."""
        self.objects.get(object_name, {}).pop(identifier, None)
        self.private.pop(identifier, None)

    def hidden(self, identifier: str) -> dict[str, Any]:
        """The private part of an object, made when it is first asked for."""
        return self.private.setdefault(identifier, {})

    def find(self, identifier: str | None) -> Object | None:
        """The object with this id, whatever its type, or None."""
        if not identifier:
            return None
        # Only a product's id may be the shop's own, without a prefix that tells the type.
        object_name = ids.object_name_of(identifier) or "product"
        return self.objects.get(object_name, {}).get(identifier)

    def seen_from_here(self, identifier: str) -> Object | None:
        """The object with this id, in these books or, since the platform sees them, in those of a connected account."""
        books = (AccountStore(self, account) for account in self.accounts)
        return self.find(identifier) or next(filter(None, (store.find(identifier) for store in books)), None)

    def get(self, object_name: str, identifier: str, param: str | None = None) -> Object:
        """The object, or Stripe's 404 resource_missing that names `param`."""
        found = self.objects.get(object_name, {}).get(identifier)
        if found is None:
            noun = OBJECT_NOUNS.get(object_name, object_name)
            raise no_such(noun, identifier, param=param or OBJECT_PARAMS.get(object_name, "id"))
        return found

    def all(self, object_name: str) -> Iterator[Object]:
        """Objects of one type, oldest first."""
        return iter(list(self.objects.get(object_name, {}).values()))

    def newest(self, object_name: str) -> list[Object]:
        """Objects of one type, newest first, as Stripe lists them."""
        return list(reversed(self.objects.get(object_name, {}).values()))

    def next_number(self) -> int:
        """A number that grows by one with every call."""
        self.counter += 1
        return self.counter

    def schedule(self, due: int, kind: str, subject: str) -> None:
        """Ask for `kind` to be done to `subject` once the clock reaches `due` (unix seconds)."""
        heapq.heappush(self.jobs, (due, self.next_number(), kind, subject))

    def next_due(self) -> int | None:
        """When the next job falls due, or None."""
        return self.jobs[0][0] if self.jobs else None

    def pop_due(self, now: int) -> tuple[int, str, str] | None:
        """Take the earliest job that is due at `now` as (due, kind, subject), or None."""
        if not self.jobs or self.jobs[0][0] > now:
            return None
        due, _, kind, subject = heapq.heappop(self.jobs)
        return due, kind, subject

    def to_json(self) -> dict[str, Any]:
        """The whole store as plain JSON values."""
        return {
            "objects": self.objects,
            "accounts": self.accounts,
            "private": self.private,
            "jobs": [list(job) for job in sorted(self.jobs)],
            "counter": self.counter,
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Take over what `to_json` gave."""
        self.objects = saved["objects"]
        self.accounts = saved.get("accounts", {})
        self.private = saved["private"]
        self.jobs = [(due, number, kind, subject) for due, number, kind, subject in saved["jobs"]]
        heapq.heapify(self.jobs)
        self.counter = saved["counter"]


class AccountStore(Store):
    """The books of a connected account: objects of their own; all else, the lock included, is the platform's."""

    def __init__(self, platform: Store, account: str) -> None:
        self._platform = platform
        self._account = account
        self.lock = platform.lock
        self.accounts = {}
        self.objects = platform.accounts.setdefault(account, {})
        self.private = platform.private
        self.jobs = platform.jobs

    def next_number(self) -> int:
        """A number that grows by one with every call, whoever asks."""
        return self._platform.next_number()

    def schedule(self, due: int, kind: str, subject: str) -> None:
        """Ask for work in this account's books: its subject names the account."""
        super().schedule(due, kind, f"{self._account}/{subject}")
