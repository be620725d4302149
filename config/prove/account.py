"""The end of the storm, told: everything that is wrong, found in Stripe's objects and in the books, not in our rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from config.bench.givers import ControlDoor
from config.prove import faults, movements
from ledger import books
from ledger import queries as ledger
from ledger.models import ReconciliationException
from ledger.operations.seal_entries import seal_all
from payments import gateway
from payments.models import StripeEvent
from payments.queries import open_items

CURRENCY: Final = "usd"


@dataclass(frozen=True, kw_only=True)
class Account:
    """How many objects there were, and what is wrong by its name; nothing is, when every list is empty."""

    objects: dict[str, int]
    wrong: dict[str, list[str]]

    @property
    def holds(self) -> bool:
        return not any(self.wrong.values())


def take(door: ControlDoor) -> Account:
    """Ask Stripe for its objects and its balance, and the books for theirs. The storm must be over and reconciled."""
    seal_all()
    theirs, ours = movements.at_stripe(), movements.in_books()
    return Account(
        objects=movements.kinds(theirs),
        wrong={
            "lost": movements.lost(theirs, ours),
            "double": movements.double(theirs, ours),
            "astray": movements.astray(theirs, ours),
            "forged, and kept": _forged(door),
            "poison that is not dead": _events(object_id=faults.POISON, but="dead"),
            "dead, and no poison": sorted(set(_events(state="dead")) - set(_events(object_id=faults.POISON))),
            "not done": _events(state="received"),
            "1050 and Stripe's balance": list(_balances()),
            "left on 1040": [f"{item.ref} {item.amount_minor}" for item in open_items()],
            "the books' checks": [f"{one.code} {finding}" for one in books.run() for finding in one.findings],
            "open exceptions": [str(one) for one in ReconciliationException.objects.filter(resolved_at=None)],
        },
    )


def injected(door: ControlDoor, fault: str) -> list[dict[str, Any]]:
    """What Stripe's own log says of one kind of fault."""
    return [row for row in door.get("faults/log")["data"] if row["fault"] == fault]


def _forged(door: ControlDoor) -> list[str]:
    """Each forgery has an id of its own."""
    sent = [one["sent_as"] for one in injected(door, faults.FORGED)]
    return _events(event_id__in=sent)


def _events(*, but: str = "", **which: Any) -> list[str]:
    found = StripeEvent.objects.filter(**which).exclude(state=but).order_by("event_id")
    return list(found.values_list("event_id", flat=True))


def _balances() -> Iterator[str]:
    theirs = gateway.client().balance()
    available = sum(one.amount for one in theirs.available if one.currency == CURRENCY)
    at_stripe = available + sum(one.amount for one in theirs.pending if one.currency == CURRENCY)
    ours = ledger.balance("stripe_balance", currency=CURRENCY)
    if ours != at_stripe:
        yield f"{ours} and {at_stripe}"
