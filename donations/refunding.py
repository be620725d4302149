"""What is left of a gift and its fee cover, and how money that goes back is spread over both (rules/ledger.md R2)."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Sum

from donations.models import Gift, GiftRefund
from ledger import fiscal_years, splitting
from ledger.builders import Parts
from payments.facts import Returned
from people.queries import local_day


class NotPaid(Exception):
    """Nothing was paid that could go back."""


def money_left(gift: Gift) -> int:
    """What of the gift neither went back, is on its way, nor was asked for, in minor units. Raises NotPaid."""
    if gift.state != Gift.State.PAID:
        raise NotPaid(gift.ref)
    kept = gift.refunds.filter(state__in=[GiftRefund.State.ASKED, *GiftRefund.CLAIMS])
    return gift.charged_minor - (kept.aggregate(gone=Sum(F("amount_minor") - F("surplus_minor")))["gone"] or 0)


def remaining(gift: Gift) -> tuple[int, int]:
    """(gift part, fee cover) that neither went back nor are on their way; who relies on it has locked the gift."""
    claims = gift.refunds.filter(state__in=GiftRefund.CLAIMS)
    gone = claims.aggregate(gift=Sum("gift_minor"), cover=Sum("cover_minor"))
    return gift.gift_part_minor - (gone["gift"] or 0), gift.fee_cover_minor - (gone["cover"] or 0)


def claim(refund: GiftRefund, *, with_surplus: bool = False) -> None:
    """Split its amount over what is left, once, and save it. Only a dispute may take more than is left.

    Raises ValueError when a refund gives back more than that.
    """
    gift = refund.gift
    left = remaining(gift)
    if with_surplus:
        (refund.gift_minor, refund.cover_minor), refund.surplus_minor = _disputed(refund.amount_minor, left)
    else:
        refund.gift_minor, refund.cover_minor = splitting.split_refund(refund.amount_minor, left)
    assert gift.paid_at is not None
    refund.prior_year = fiscal_years.is_closed(local_day(gift.paid_at))
    refund.save()


def count_refunded(gift: Gift) -> None:
    """What the gift says was given back: refunds made and disputes lost, fee cover included."""
    gone = gift.refunds.filter(state__in=GiftRefund.GONE)
    gift.refunded_minor = gone.aggregate(money=Sum(F("gift_minor") + F("cover_minor")))["money"] or 0
    gift.save(update_fields=["refunded_minor"])


def gift_gone(gift: Gift, *, claimed: bool = False) -> dict[str, int]:
    """What went back of the gift part, as partners measure it; with `claimed` also what is on its way."""
    states = GiftRefund.CLAIMS if claimed else GiftRefund.GONE
    return {gift.ref: gift.refunds.filter(state__in=states).aggregate(gone=Sum("gift_minor"))["gone"] or 0}


def booked(refund: GiftRefund, fact: Returned) -> dict[str, Any]:
    """What every entry about it has in common."""
    parts = Parts(
        gift_minor=refund.gift_minor,
        cover_minor=refund.cover_minor,
        fund=refund.gift.fund.slug,
        prior_year=refund.prior_year,
    )
    return {
        "parts": parts,
        "source": refund.gift.ref,
        "event_at": fact.at,
        "effective_on": local_day(fact.at),
        "currency": fact.currency,
    }


def _disputed(amount_minor: int, left: tuple[int, int]) -> tuple[list[int], int]:
    """A bank may take what went back already: then all of it is surplus."""
    if not sum(left):
        return [0, 0], amount_minor
    return splitting.split_dispute(amount_minor, left)
