"""Every customer at Stripe is somebody with us: a known supporter where we know the address, else a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from payments.models import StripeCustomer
from payments.operations.adopt_subscription import adopt_customer
from payments.subscriptions import CustomerFound, customers_found
from people.models import Supporter
from people.operations.find_or_make_supporter import find_or_make_supporter


@dataclass(slots=True)
class Customers:
    """How many were new supporters, known by their address, here already, and without an address to know them by."""

    new: int = 0
    known: int = 0
    here: int = 0
    nobody: int = 0


def take_over_customers(
    *, apply: bool, now: datetime, progress: Callable[[int], None] = lambda _number: None
) -> Customers:
    """Look at every customer, and with `apply` say who each is. A known supporter's row is never edited.

    Each in a transaction of its own, so that a killed run has done what it did; running it again changes nothing.
    Never inside a transaction (RuntimeError). Raises StripeUnavailable.
    """
    done = Customers()
    supporters = {email.lower() for email in Supporter.objects.values_list("email", flat=True)}
    here = set(StripeCustomer.objects.values_list("customer_id", flat=True))
    for one in customers_found(progress):
        if one.customer_ref in here:
            done.here += 1
        elif not has_address(one):
            done.nobody += 1
        else:
            email = one.email.lower()
            done.known += email in supporters
            done.new += email not in supporters
            supporters.add(email)
            if apply:
                _take_over(one, now)
    return done


@transaction.atomic
def _take_over(one: CustomerFound, now: datetime) -> None:
    supporter = find_or_make_supporter(email=one.email, name=one.name, now=now)
    adopt_customer(customer_ref=one.customer_ref, supporter=supporter, now=now)


def has_address(one: CustomerFound) -> bool:
    """Whether mail can be sent to this customer, who was not deleted."""
    try:
        validate_email(one.email)
    except ValidationError:
        return False
    return not one.is_deleted
