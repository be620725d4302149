"""A visitor who wants to give each month is on the way to the payment page, and we hold the plan's row."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from donations.attempts import Intent, check_bounds, take_attempt
from donations.limits import count_attempt
from donations.models import Plan
from donations.operations.open_page import Opened, open_page
from donations.queries import is_open, living_plan


class AlreadyGiving(Exception):
    """A living plan for this fund already belongs to the address; `plan` is for its owner's eyes only."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.ref)
        self.plan = plan


def start_plan_checkout(*, intent: Intent, now: datetime) -> Opened:
    """Commit a pending plan, then open its page; one living plan per supporter and fund (rules/giving.md 3.3).

    Raises AlreadyGiving besides everything that `start_gift` raises. The attempt is counted before the address is
    looked up, so that the answer cannot be used to try addresses one after the other.
    """
    check_bounds(intent, open_now=is_open(intent.fund, now))
    count_attempt(email=intent.email, ip_address=intent.ip_address, now=now)

    def take() -> Plan:
        with transaction.atomic():
            plan = take_attempt(Plan, intent, now=now)
            living = living_plan(intent.email, intent.fund)
            if living is not None and living.pk != plan.pk:
                raise AlreadyGiving(living)
        return plan

    return open_page(take, now=now)
