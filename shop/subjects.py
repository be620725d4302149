"""How other packages name an order ("order:1042"), read back."""

from __future__ import annotations

from shop.models import Order


class UnknownOrder(LookupError):
    """A fact names an order that is not here."""


def order_id_of(subject: str) -> int:
    """The primary key in "order:1042". Raises UnknownOrder for anything else, or when there is no such row."""
    kind, _, number = subject.partition(":")
    if kind != "order" or not (number.isascii() and number.isdigit()):
        raise UnknownOrder(subject)
    if not Order.objects.filter(pk=int(number)).exists():
        raise UnknownOrder(subject)
    return int(number)


def lock_order(subject: str) -> Order:
    """The order that `subject` names, locked until the transaction ends. Raises UnknownOrder."""
    return Order.objects.select_for_update(no_key=True).get(pk=order_id_of(subject))
