"""Every monthly gift that can be carried on is a plan of ours, and what was paid for it meanwhile is in the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from donations.models import PlanSubscription
from donations.operations.take_over_plan import KIND, Outcome, take_over_plan
from donations.take_over import PlanVerdict
from payments.operations.catch_up_subscription import behind, catch_up_subscription
from payments.operations.mark_subscription import mark_subscription
from people.queries import organisation


class NotBegun(Exception):
    """Without the day on which the books begin nobody knows which gifts are in the opening balances."""


@dataclass(slots=True)
class TakenOver:
    """What came of it: outcomes by number, gifts that were paid meanwhile, subscriptions that were marked."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    second: list[str] = field(default_factory=list)
    gifts: int = 0
    marked: int = 0


def refuse_without_books() -> None:
    """Raises NotBegun."""
    if organisation().books_begin_on is None:
        raise NotBegun("Say first on which day the books begin: manage.py begin_books 2027-01-01.")


def take_over_plans(
    *,
    verdicts: Sequence[PlanVerdict],
    mark: bool,
    now: datetime,
    progress: Callable[[int], None] = lambda _number: None,
) -> TakenOver:
    """Take over what `look_at_subscriptions` found fit, one by one; killed and run again it goes on where it was.

    With `mark` each of ours says so at Stripe as well. Safe beside live traffic and beside itself. Never inside a
    transaction (RuntimeError). Raises NotBegun, StripeUnavailable, StripeRefused: what was done stays.
    """
    refuse_without_books()
    done = TakenOver()
    # 1. Rows, each with all that belongs to it or not at all.
    for number, one in enumerate((row for row in verdicts if row.verdict == "takes"), start=1):
        outcome = take_over_plan(verdict=one, now=now)
        done.outcomes[outcome] += 1
        if outcome is Outcome.SECOND_PLAN:
            done.second.append(one.found.subscription_ref)
        progress(number)
    # 2. What was paid since the books began and found no plan then; also what a killed run left.
    for subscription_ref in behind():
        done.gifts += catch_up_subscription(subscription_ref=subscription_ref, now=now)
    # 3. Stripe's own pages, when asked to.
    if mark:
        for row in (
            PlanSubscription.objects.filter(plan__events__kind="taken_over").select_related("plan").order_by("pk")
        ):
            mark_subscription(subscription_ref=row.subscription_ref, kind=KIND, subject=row.plan.ref, now=now)
            done.marked += 1
    return done
