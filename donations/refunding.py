"""What is left of a gift and its fee cover, and how money that goes back is spread over both (rules/ledger.md R2)."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from donations.discrepancies import PAID_OTHERWISE
from donations.models import Gift, GiftRefund
from ledger import fiscal_years, splitting
from ledger.builders import Parts
from ledger.taken_out import taken_out
from payments.facts import Returned
from payments.queries import Taken, taken_by
from people.queries import local_day


class NotPaid(Exception):
    """Nothing was paid that could go back."""


def money_left(gift: Gift, payment: Taken) -> int:
    """What of its `payment_of` neither went back, is on its way, nor was asked for, in minor units; also of one that
    was set aside, less what people booked out of there."""
    kept = gift.refunds.filter(aside_of=aside_of(gift), state__in=[GiftRefund.State.ASKED, *GiftRefund.CLAIMS])
    taken_twice = Sum("surplus_minor", filter=Q(cause=GiftRefund.Cause.DISPUTE))
    sums = kept.aggregate(gone=Sum("amount_minor"), surplus=taken_twice)
    left_minor = payment.amount_minor - (sums["gone"] or 0) + (sums["surplus"] or 0)
    if charge_ref := aside_of(gift):
        left_minor -= taken_out("suspense", charge_ref, payment.currency, PAID_OTHERWISE)
    return max(left_minor, 0)


def aside_of(gift: Gift) -> str:
    """Its own payment, when that stands in suspense."""
    return (gift.charge_ref or "") if gift.state == Gift.State.ASIDE else ""


def payment_of(gift: Gift) -> Taken:
    """The charge of a gift that was paid, also otherwise than asked. Raises NotPaid."""
    taken = taken_by(gift.charge_ref or "") if gift.state in (Gift.State.PAID, Gift.State.ASIDE) else None
    if taken is None:
        raise NotPaid(gift.ref)
    return taken


def remaining(gift: Gift) -> tuple[int, int]:
    """(gift part, fee cover) that neither went back nor are on their way; who relies on it has locked the gift."""
    claims = _of_its_own(gift).filter(state__in=GiftRefund.CLAIMS)
    gone = claims.aggregate(gift=Sum("gift_minor"), cover=Sum("cover_minor"))
    return gift.gift_part_minor - (gone["gift"] or 0), gift.fee_cover_minor - (gone["cover"] or 0)


def claim(refund: GiftRefund) -> None:
    """Split its amount over what is left, once, and save it. What was taken above that, because the donor's bank took
    what went back already or the other way round, is surplus. What goes back out of suspense is not split."""
    gift = refund.gift
    if refund.aside_of:
        refund.save()
        return
    (refund.gift_minor, refund.cover_minor), refund.surplus_minor = _taken(refund.amount_minor, remaining(gift))
    assert gift.paid_at is not None
    refund.prior_year = fiscal_years.is_closed(local_day(gift.paid_at))
    refund.save()


def spread_taken(gift: Gift, amount_minor: int) -> tuple[list[int], int]:
    """What a bank took, over what is left: (gift part, fee cover), and the surplus."""
    return _taken(amount_minor, remaining(gift))


def widen(dispute: GiftRefund, parts: list[int], surplus_minor: int) -> None:
    """Write down that a dispute takes these parts too, out of what was its surplus."""
    dispute.gift_minor, dispute.cover_minor = dispute.gift_minor + parts[0], dispute.cover_minor + parts[1]
    dispute.surplus_minor = surplus_minor
    dispute.save(update_fields=["gift_minor", "cover_minor", "surplus_minor"])


def count_refunded(gift: Gift) -> None:
    """What the gift says was given back: refunds made and disputes lost, fee cover included."""
    gone = _of_its_own(gift).filter(state__in=GiftRefund.GONE)
    gift.refunded_minor = gone.aggregate(money=Sum(F("gift_minor") + F("cover_minor")))["money"] or 0
    gift.save(update_fields=["refunded_minor"])


def gift_gone(gift: Gift, *, claimed: bool = False) -> dict[str, int]:
    """What went back of the gift part, as partners measure it; with `claimed` also what is on its way."""
    states = GiftRefund.CLAIMS if claimed else GiftRefund.GONE
    return {gift.ref: _of_its_own(gift).filter(state__in=states).aggregate(gone=Sum("gift_minor"))["gone"] or 0}


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


def _of_its_own(gift: Gift) -> QuerySet[GiftRefund]:
    """Without what goes back of payments that are no gift."""
    return gift.refunds.filter(aside_of="")


def _taken(amount_minor: int, left: tuple[int, int]) -> tuple[list[int], int]:
    """Nothing may be left: then all of it is surplus."""
    if not sum(left):
        return [0, 0], amount_minor
    return splitting.split_dispute(amount_minor, left)
