"""A dispute ended: what was set aside for it is the partners' again, or is taken back with the money."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ledger import builders
from ledger.operations.post_entry import post_entry
from partners.operations.release_shares import release_shares
from partners.operations.reverse_shares import reverse_shares
from payments.facts import DisputeLost, DisputeWon
from people.queries import local_day
from shop.models import Order, OrderEvent, OrderRefund
from shop.operations.count_given_back import count_given_back
from shop.operations.set_refund_aside import post_aside
from shop.operations.tell_staff import tell_staff
from shop.operations.widen_disputes import release_widened
from shop.outcomes import Outcome
from shop.refunding import goods_gone, parts_of
from shop.subjects import lock_order

State = OrderRefund.State


class DisputeNotOpen(Exception):
    """A dispute ended of which the opening is not in the books; facts of one payment are told in order."""


def win_dispute(fact: DisputeWon, *, now: datetime) -> Outcome:
    """The bank gave the money back: release the shares (rules/ledger.md E9w), also after a loss that was appealed.

    The money itself is booked by its balance transaction. Returns DISPUTE_WON, or ALREADY_KNOWN. In the caller's
    transaction; raises UnknownOrder, DisputeNotOpen.
    """
    order = lock_order(fact.subject)
    dispute = _known(order, fact)
    if dispute.state == State.WON:
        return Outcome.ALREADY_KNOWN
    was_lost = dispute.state == State.LOST
    _end(dispute, fact, State.WON, OrderEvent.Kind.DISPUTE_WON, now)
    if was_lost:
        _recover(dispute, fact, now)
    elif not dispute.aside:
        release_widened(dispute, fact, now=now)
        release_shares(source=order.ref, charge_ref=fact.charge_ref, cause=fact.cause_ref, at=fact.at, now=now)
    return Outcome.DISPUTE_WON


def lose_dispute(fact: DisputeLost, *, now: datetime) -> Outcome:
    """The money stays away: a loss by parts, and the shares are taken back as by a refund (rules/ledger.md E9l).

    Returns DISPUTE_LOST, or ALREADY_KNOWN, also when an appeal has won it since. In the caller's transaction; raises
    UnknownOrder, DisputeNotOpen.
    """
    order = lock_order(fact.subject)
    dispute = _known(order, fact)
    if dispute.state != State.DISPUTED:
        return Outcome.ALREADY_KNOWN
    _end(dispute, fact, State.LOST, OrderEvent.Kind.DISPUTE_LOST, now)
    if dispute.aside:
        post_aside(builders.deposit_lost, dispute, fact, dispute_ref=fact.cause_ref, now=now)
    else:
        release_widened(dispute, fact, now=now)
        post_entry(builders.dispute_lost(**_booked(dispute, fact)), now=now)
        _reverse(dispute, fact, fact.cause_ref, now)
    tell_staff(order, about="dispute_lost", detail=fact.cause_ref, now=now)
    return Outcome.DISPUTE_LOST


def _known(order: Order, fact: DisputeWon | DisputeLost) -> OrderRefund:
    dispute = OrderRefund.objects.filter(order=order, cause_ref=fact.cause_ref).first()
    if dispute is None:
        raise DisputeNotOpen(fact.cause_ref)
    dispute.order = order
    return dispute


def _end(
    dispute: OrderRefund, fact: DisputeWon | DisputeLost, state: State, kind: OrderEvent.Kind, now: datetime
) -> None:
    dispute.state, dispute.moved_at = state, fact.at
    dispute.save(update_fields=["state", "moved_at"])
    count_given_back(dispute.order)
    OrderEvent.objects.create(order=dispute.order, kind=kind, detail=fact.cause_ref, at=now)


def _recover(dispute: OrderRefund, fact: DisputeWon, now: datetime) -> None:
    if dispute.aside:
        post_aside(builders.deposit_recovered, dispute, fact, dispute_ref=fact.cause_ref, now=now)
        return
    post_entry(builders.dispute_recovered(**_booked(dispute, fact)), now=now)
    _reverse(dispute, fact, f"{fact.cause_ref}:recovered", now)


def _reverse(dispute: OrderRefund, fact: DisputeWon | DisputeLost, cause: str, now: datetime) -> None:
    reverse_shares(
        source=dispute.order.ref,
        charge_ref=fact.charge_ref,
        cause=cause,
        refunded_minor=goods_gone(dispute.order),
        at=fact.at,
        now=now,
    )


def _booked(dispute: OrderRefund, fact: DisputeWon | DisputeLost) -> dict[str, Any]:
    return {
        "dispute_ref": fact.cause_ref,
        "parts": parts_of(dispute),
        "surplus_minor": dispute.surplus_minor,
        "source": dispute.order.ref,
        "event_at": fact.at,
        "effective_on": local_day(fact.at),
        "currency": fact.currency,
    }
