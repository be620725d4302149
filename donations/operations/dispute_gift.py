"""A donor's bank took a gift back, and later decided: its shares are set aside, then released or taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from donations.models import Gift, GiftRefund
from donations.operations.set_gift_aside import post_aside
from donations.operations.widen_gift_disputes import release_widened
from donations.outcomes import Outcome
from donations.refunding import booked, claim, count_refunded, gift_gone
from donations.subjects import lock_payment
from ledger import builders
from ledger.operations.post_entry import post_entry
from partners.operations.hold_shares import hold_shares
from partners.operations.release_shares import release_shares
from partners.operations.reverse_shares import reverse_shares
from payments.facts import DisputeLost, DisputeOpened, DisputeWon

State = GiftRefund.State


class DisputeNotOpen(Exception):
    """A dispute ended of which the opening is not known; facts of one payment are told in order."""


def open_gift_dispute(fact: DisputeOpened, *, now: datetime) -> Outcome:
    """Hold the shares of what was taken (rules/ledger.md E6a); the money is booked by its balance transaction.

    A payment that stands in suspense has no shares. Returns DISPUTED, or ALREADY_KNOWN. In the caller's transaction;
    raises GiftNotBooked.
    """
    gift, aside_of = lock_payment(fact)
    if GiftRefund.objects.filter(gift=gift, cause_ref=fact.cause_ref).exists():
        return Outcome.ALREADY_KNOWN
    before = gift_gone(gift, claimed=True)
    dispute = GiftRefund(
        gift=gift,
        cause=GiftRefund.Cause.DISPUTE,
        cause_ref=fact.cause_ref,
        state=State.DISPUTED,
        aside_of=aside_of,
        amount_minor=fact.amount_minor,
        code=fact.reason[:60],
        asked_at=now,
        moved_at=fact.at,
        answer_by=fact.answer_by,
    )
    claim(dispute)
    if not aside_of:
        hold_shares(**_shares(gift, fact, now), refunded_minor=before, disputed_minor={gift.ref: dispute.gift_minor})
    return Outcome.DISPUTED


def win_gift_dispute(fact: DisputeWon, *, now: datetime) -> Outcome:
    """The bank gave the money back: release the shares (rules/ledger.md E9w), also after a loss that was appealed.

    Returns DISPUTE_WON, or ALREADY_KNOWN. In the caller's transaction; raises GiftNotBooked, DisputeNotOpen.
    """
    dispute = _known(fact)
    if dispute.state == State.WON:
        return Outcome.ALREADY_KNOWN
    was_lost = dispute.state == State.LOST
    _end(dispute, State.WON, fact)
    if was_lost and dispute.aside_of:
        post_aside(builders.deposit_recovered, dispute, fact, dispute_ref=fact.cause_ref, now=now)
    elif was_lost:
        post_entry(builders.dispute_recovered(**_loss(dispute, fact)), now=now)
        _reverse(dispute, fact, f"{fact.cause_ref}:recovered", now)
    elif not dispute.aside_of:
        release_widened(dispute, fact, now=now)
        release_shares(**_shares(dispute.gift, fact, now))
    return Outcome.DISPUTE_WON


def lose_gift_dispute(fact: DisputeLost, *, now: datetime) -> Outcome:
    """The money stays away: the gift is undone and its shares are taken back (rules/ledger.md section 5 "Lost gift").

    Returns DISPUTE_LOST, or ALREADY_KNOWN, also when an appeal has won it since. In the caller's transaction; raises
    GiftNotBooked, DisputeNotOpen.
    """
    dispute = _known(fact)
    if dispute.state != State.DISPUTED:
        return Outcome.ALREADY_KNOWN
    _end(dispute, State.LOST, fact)
    if dispute.aside_of:
        post_aside(builders.deposit_lost, dispute, fact, dispute_ref=fact.cause_ref, now=now)
    else:
        release_widened(dispute, fact, now=now)
        post_entry(builders.dispute_lost(**_loss(dispute, fact)), now=now)
        _reverse(dispute, fact, fact.cause_ref, now)
    return Outcome.DISPUTE_LOST


def _known(fact: DisputeWon | DisputeLost) -> GiftRefund:
    gift, _ = lock_payment(fact)
    dispute = GiftRefund.objects.filter(gift=gift, cause_ref=fact.cause_ref).first()
    if dispute is None:
        raise DisputeNotOpen(fact.cause_ref)
    dispute.gift = gift
    return dispute


def _end(dispute: GiftRefund, state: State, fact: DisputeWon | DisputeLost) -> None:
    dispute.state, dispute.moved_at = state, fact.at
    dispute.save(update_fields=["state", "moved_at"])
    count_refunded(dispute.gift)


def _reverse(dispute: GiftRefund, fact: DisputeWon | DisputeLost, cause: str, now: datetime) -> None:
    gone = gift_gone(dispute.gift)
    reverse_shares(**_shares(dispute.gift, fact, now) | {"cause": cause}, refunded_minor=gone)


def _shares(gift: Gift, fact: DisputeOpened | DisputeWon | DisputeLost, now: datetime) -> dict[str, Any]:
    return {
        "source": gift.ref,
        "charge_ref": fact.charge_ref,
        "cause": fact.cause_ref,
        "at": fact.at,
        "now": now,
    }


def _loss(dispute: GiftRefund, fact: DisputeWon | DisputeLost) -> dict[str, Any]:
    return booked(dispute, fact) | {"dispute_ref": fact.cause_ref, "surplus_minor": dispute.surplus_minor}
