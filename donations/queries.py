"""What donations can tell: what is open to give to, a donor's giving, how far a campaign is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse

from donations.links import hash_of
from donations.models import Campaign, Fund, Gift, GiftRefund, Plan
from donations.plan_day import day_words
from partners.queries import Promise, Share, promises_for, shares_of_many
from partners.sharing import ShareLine
from partners.terms import percent_text
from payments.queries import PaymentMethod, payment_methods
from people.models import Organisation, User
from people.money_line import Part
from people.queries import local_day, local_day_of, organisation

RETURN_AFTER = timedelta(days=90)  # a member who comes back after this long counts as new (rules/giving.md 3.6)


def is_open(fund: Fund, now: datetime) -> bool:
    """Whether the fund takes gifts on this local day."""
    today = local_day(now)
    return (fund.opens_on is None or fund.opens_on <= today) and (fund.closes_on is None or today <= fund.closes_on)


def open_funds(now: datetime) -> list[Fund]:
    """The funds that take gifts today with their tiers, the first one offered first. Three queries."""
    today = local_day(now)
    opened = Q(opens_on__isnull=True) | Q(opens_on__lte=today)
    not_closed = Q(closes_on__isnull=True) | Q(closes_on__gte=today)
    return list(Fund.objects.filter(opened, not_closed).prefetch_related("tiers"))


def scope_keys(fund: Fund, at: datetime) -> list[str]:
    """The scopes an agreement may name to share in a gift to this fund at `at`, most specific first. One query."""
    day = local_day_of(at)
    campaigns = Campaign.objects.filter(fund=fund, opens_on__lte=day, closes_on__gte=day).order_by("closes_on", "pk")
    return [f"fund:{fund.slug}", *(f"campaign:{slug}" for slug in campaigns.values_list("slug", flat=True)), "gifts"]


def promises_of_fund(fund: Fund, at: datetime) -> list[Promise]:
    """The promises that bind a gift charged at `at`. Two queries."""
    return promises_for(scope_keys(fund, at), at)


def gift_line(gift: Gift, agreement_ids: Sequence[int]) -> ShareLine:
    """The gift as partners share it, by these agreements."""
    return ShareLine(
        line_ref=gift.ref,
        label=f"{'Monthly gift' if gift.plan_id else 'Gift'} to {gift.fund.name}",
        design=gift.fund.name,
        units=1,
        basis_minor=gift.gift_part_minor,
        paid_minor=gift.gift_part_minor,
        agreement_ids=tuple(agreement_ids),
        gross_minor=gift.charged_minor,
    )


def kept_percent(promises: Sequence[Promise]) -> str:
    """What no promise takes, as people write it ("20%"); empty when the promises take everything, or an amount."""
    if any(promise.terms.each_minor for promise in promises):
        return ""  # what an amount leaves depends on the gift
    kept = 1 - sum((Fraction(promise.terms.rate_num, promise.terms.rate_den) for promise in promises), Fraction())
    return percent_text(kept.numerator, kept.denominator) if kept > 0 else ""


def living_plan(email: str, fund: Fund) -> Plan | None:
    """The living plan for this fund whose supporter has this address."""
    return (
        Plan.objects.filter(supporter__email=email.strip().lower(), fund=fund, state__in=Plan.LIVING)
        .select_related("supporter", "fund")
        .first()
    )


def attempt_by_token(token: str) -> Gift | Plan | None:
    """The gift or plan that a link shows, or None for a stranger's link. At most two queries."""
    wanted = {"token_hash": hash_of(token)}
    gift = Gift.objects.filter(**wanted).select_related("fund", "plan").first()
    return gift or Plan.objects.filter(**wanted).select_related("fund").first()


def plan_of(user: User, plan_id: int) -> Plan | None:
    """A plan that belongs to this user, or None: a stranger's plan answers like a missing one."""
    return Plan.objects.filter(pk=plan_id, supporter__user=user).select_related("fund", "supporter").first()


def money_parts(
    shares: Sequence[Share], gift_part_minor: int, org: Organisation, refunds: Iterable[GiftRefund] = ()
) -> list[Part]:
    """A gift as the money line shows it: each partner's share, what our own work keeps, what went back."""
    parts = [
        Part(
            label=share.partner_name,
            amount_minor=share.net_minor,
            kind=share.state,
            href=_partner_page(share.partner_slug),
            note=_share_note(share),
        )
        for share in shares
        if share.net_minor
    ]
    gone = [refund for refund in refunds if refund.state in GiftRefund.GONE]
    rest_minor = gift_part_minor - sum(refund.gift_minor for refund in gone) - sum(share.net_minor for share in shares)
    if rest_minor:
        parts.append(Part(f"{org.display_name}'s own work", rest_minor, "shop"))
    returned_minor = sum(refund.gift_minor for refund in gone)
    return [*parts, Part("Given back to you", returned_minor, "returned")] if returned_minor else parts


def promised_parts(promises: Sequence[Promise], amount_minor: int, org: Organisation) -> list[Part]:
    """The money line of a gift that has not been given yet."""
    parts = [
        Part(promise.partner_name, promise.amount_for(amount_minor), "promised", _partner_page(promise.partner_slug))
        for promise in promises
    ]
    rest_minor = amount_minor - sum(part.amount_minor for part in parts)
    return [*parts, Part(f"{org.display_name}'s own work", rest_minor, "shop")] if rest_minor > 0 else parts


def _partner_page(slug: str) -> str:
    return reverse("partners:partner", args=[slug])


def _share_note(share: Share) -> str:
    if share.held_minor:
        return "set aside while a bank decides about the payment"
    if share.paid_on is None:
        return "promised"
    return f"paid on {share.paid_on.day} {share.paid_on:%B %Y}"


@dataclass(frozen=True, slots=True)
class GivenGift:
    """One gift of a donor's history with its money line."""

    gift: Gift
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class GoingPlan:
    """A plan that goes on, or is being stopped.

    `card` is the one of its last gift ("Visa ending 4242"), `day` the day of the month in words; either may be empty.
    """

    plan: Plan
    card: str
    day: str


@dataclass(frozen=True, slots=True)
class Giving:
    """What My giving shows: plans that go on, ended ones, gifts newest first, and what this year's gifts come to."""

    plans: list[GoingPlan]
    ended_plans: list[Plan]
    gifts: list[GivenGift]
    year: int
    year_minor: int
    year_returned_minor: int
    year_parts: list[Part]
    currency: str


def giving_of(user: User, now: datetime) -> Giving:
    """Everything about one donor's giving in a fixed number of queries, however many gifts."""
    org = organisation()
    plans = list(
        Plan.objects.filter(supporter__user=user, started_at__isnull=False).select_related("fund").order_by("-pk")
    )
    gifts = list(
        Gift.objects.filter(supporter__user=user, state=Gift.State.PAID)
        .select_related("fund", "plan")
        .prefetch_related("refunds")
        .order_by("-paid_at", "-pk")
    )
    shares = shares_of_many(gift.ref for gift in gifts) if gifts else {}
    year = local_day(now, org).year
    of_year = [gift for gift in gifts if gift.paid_at and local_day(gift.paid_at, org).year == year]
    parts = {
        gift.pk: money_parts(shares.get(gift.ref, []), gift.gift_part_minor, org, gift.refunds.all()) for gift in gifts
    }
    year_parts = [part for gift in of_year for part in parts[gift.pk]]
    return Giving(
        plans=_going([plan for plan in plans if plan.is_living or plan.is_stopping], gifts, org),
        ended_plans=[plan for plan in plans if not plan.is_living and not plan.is_stopping],
        gifts=[GivenGift(gift, parts[gift.pk]) for gift in gifts],
        year=year,
        year_minor=sum(gift.charged_minor - gift.refunded_minor for gift in of_year),
        year_returned_minor=sum(gift.refunded_minor for gift in of_year),
        year_parts=_joined(year_parts),
        currency=org.currency,
    )


def _going(plans: Sequence[Plan], gifts: Sequence[Gift], org: Organisation) -> list[GoingPlan]:
    """Each plan with its day and the card of its newest gift; `gifts` come newest first. One query for all."""
    newest = {gift.plan_id: gift.charge_ref for gift in reversed(gifts) if gift.plan_id and gift.charge_ref}
    refs = [newest[plan.pk] for plan in plans if plan.pk in newest]
    methods = payment_methods(refs) if refs else {}
    return [GoingPlan(plan, _card_words(methods.get(newest.get(plan.pk, ""))), day_words(plan, org)) for plan in plans]


def _card_words(method: PaymentMethod | None) -> str:
    if method is None or not method.last4:
        return ""
    names = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}
    return f"{names.get(method.brand, method.brand.capitalize()) or 'Card'} ending {method.last4}"


YEARS_ORDER = ("paid", "promised", "shop", "returned")


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Parts of many gifts as one line: amounts of one label and kind added up, from what arrived to what went back."""
    sums: dict[tuple[str, str], Part] = {}
    for part in parts:
        key = (part.label, part.kind)
        earlier = sums[key].amount_minor if key in sums else 0
        note = part.kind if part.kind in ("paid", "promised") else ""
        sums[key] = Part(part.label, earlier + part.amount_minor, part.kind, part.href, note)
    return sorted(sums.values(), key=lambda part: YEARS_ORDER.index(part.kind))


@dataclass(frozen=True, slots=True)
class Progress:
    """A campaign counted in members: joined in the window, left since, and what remains (rules/giving.md 3.6)."""

    name: str
    goal: int
    joined: int
    left: int
    closes_on: date

    @property
    def net(self) -> int:
        return self.joined - self.left

    @property
    def shown(self) -> int:
        """The net as a progress bar can hold it: from 0 to the goal."""
        return max(0, min(self.goal, self.net))

    @property
    def sentence(self) -> str:
        return f"{self.net} of {self.goal} new members"

    @property
    def percent(self) -> int:
        """Whole percent, floored: 100 only when the goal is reached; never above 100."""
        return self.shown * 100 // self.goal


def campaign_progress(campaign: Campaign) -> Progress:
    """How many distinct donors became monthly members in the campaign's window, and how many of them left.

    A member joins with the first paid gift of a plan, or comes back when every earlier plan ended at least 90 days
    before. Not counted: sign-ups never paid, a second plan, a first gift that was refunded in full. Who stopped or
    lapsed is counted as left. Days are those of the organisation's zone.
    """
    zone = organisation().zone
    opens_at = datetime.combine(campaign.opens_on, time.min, tzinfo=zone)
    closes_at = datetime.combine(campaign.closes_on + timedelta(days=1), time.min, tzinfo=zone)
    states = _joining_plans(campaign.fund_id, opens_at, closes_at).values_list("state", flat=True)
    joined = len(states)
    left = sum(state not in Plan.LIVING for state in states)
    return Progress(campaign.name, campaign.goal_members, joined, left, campaign.closes_on)


def _joining_plans(fund_id: int, opens_at: datetime, closes_at: datetime) -> QuerySet[Plan]:
    earlier = Plan.objects.filter(supporter=OuterRef("supporter"), started_at__lt=OuterRef("started_at"))
    still_member = earlier.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=OuterRef("started_at") - RETURN_AFTER))
    kept = Gift.objects.filter(plan=OuterRef("pk"), refunded_minor__lt=F("charged_minor"))
    return (
        Plan.objects.filter(fund_id=fund_id, started_at__gte=opens_at, started_at__lt=closes_at)
        .filter(~Exists(still_member), Exists(kept))
        .order_by("pk")
    )


def running_campaign(now: datetime) -> Campaign | None:
    """The campaign whose window holds today, the one that closes first when there are several."""
    today = local_day(now)
    running = Campaign.objects.filter(opens_on__lte=today, closes_on__gte=today)
    return running.select_related("fund").order_by("closes_on", "pk").first()
