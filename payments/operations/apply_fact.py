"""A fact takes effect: everything registered for it runs, in order, in one transaction."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import structlog
from django.db import connection, transaction

from payments import registry
from payments.facts import Fact

log = structlog.get_logger(__name__)


def apply_fact(fact: Fact, now: datetime) -> list[StrEnum]:
    """Run the operations registered for the fact and return their outcomes, in order; [] when nobody listens.

    Webhook, return page and sweep all end here (DESIGN.md sections 1.5 and 2). Facts about one subject take turns, so
    the second teller of a fact finds the first one's work done and its operations answer with that outcome. Whatever
    an operation raises undoes them all.
    """
    operations = registry.operations_for(fact)
    with transaction.atomic():
        _take_turn(fact)
        outcomes = [operation(fact, now=now) for operation in operations]
    log.info("fact_applied", fact=type(fact).__name__, subject=fact.subject, outcomes=[str(o) for o in outcomes])
    return outcomes


def _take_turn(fact: Fact) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"payments:{fact.subject}"])
