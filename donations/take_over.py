"""What would become of each subscription of another system: a verdict with its reasons, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from donations.models import Fund, Plan, PlanSubscription
from donations.take_over_map import TakeOverMap
from payments.operations.take_over_customers import has_address
from payments.subscriptions import SubscriptionFound, subscriptions_found
from people.models import Supporter

Verdict = Literal["takes", "known", "over", "cannot"]


@dataclass(frozen=True, slots=True)
class PlanVerdict:
    """`takes` becomes a plan of `fund`; `known` is one already; `over` takes no more money; `cannot` has `reasons`."""

    found: SubscriptionFound
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    fund: Fund | None = None
    cover_minor: int = 0
    is_known_supporter: bool = False


def look_at_subscriptions(
    *, by_map: TakeOverMap, progress: Callable[[int], None] = lambda _number: None
) -> list[PlanVerdict]:
    """A verdict for every subscription at Stripe, the oldest first: of two of one person and fund the older is taken.

    Writes nothing. Raises StripeUnavailable.
    """
    found = sorted(subscriptions_found(progress), key=lambda one: (one.created_at, one.subscription_ref))
    known = set(PlanSubscription.objects.values_list("subscription_ref", flat=True))
    taken: set[tuple[str, int]] = {
        (email.lower(), fund)
        for email, fund in Plan.objects.filter(state__in=Plan.LIVING).values_list("supporter__email", "fund")
        if email
    }
    supporters = {email.lower() for email in Supporter.objects.values_list("email", flat=True)}
    return [_verdict(one, by_map, known, taken, supporters) for one in found]


def _verdict(
    found: SubscriptionFound, by_map: TakeOverMap, known: set[str], taken: set[tuple[str, int]], supporters: set[str]
) -> PlanVerdict:
    email = found.customer.email.lower()
    is_known = email in supporters
    if found.subscription_ref in known:
        return PlanVerdict(found, "known", is_known_supporter=is_known)
    if found.is_over:
        return PlanVerdict(found, "over", is_known_supporter=is_known)
    target = by_map.target_of(found)
    reasons = list(_obstacles(found, by_map))
    cover_minor = 0
    if target is None:
        reasons.append("the map has no row for its price, product or metadata")
    else:
        try:
            cover_minor = by_map.cover_minor(target, found)
        except ValueError as error:
            reasons.append(str(error))
        if found.amount_minor is not None and cover_minor >= found.amount_minor > 0:
            reasons.append("the fee cover is not less than the whole amount")
        if email and (email, target.fund.pk) in taken:
            reasons.append(f"this address gives each month to {target.fund.name} already")
    if reasons or target is None:
        return PlanVerdict(found, "cannot", tuple(reasons), is_known_supporter=is_known)
    taken.add((email, target.fund.pk))
    return PlanVerdict(found, "takes", (), target.fund, cover_minor, is_known)


def _obstacles(found: SubscriptionFound, by_map: TakeOverMap) -> Iterator[str]:
    yield from found.obstacles
    if found.kind == "plan" and found.subject:
        yield f"it names {found.subject} of ours, which does not know it"
    if found.currency != by_map.currency:
        yield f"it is in {found.currency.upper()}, not {by_map.currency.upper()}"
    if found.amount_minor == 0:
        yield "it takes nothing"
    if found.customer.is_deleted:
        yield "its customer was deleted"
    elif not has_address(found.customer):
        yield "its customer has no e-mail address"


def counts(verdicts: Iterable[PlanVerdict]) -> dict[Verdict, int]:
    """How many there are of each verdict."""
    found: dict[Verdict, int] = {"takes": 0, "known": 0, "over": 0, "cannot": 0}
    for one in verdicts:
        found[one.verdict] += 1
    return found
