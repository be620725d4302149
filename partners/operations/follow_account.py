"""How a partner's account at Stripe stands is true here: entered when it is ready, on hold when it is not any more.

Told by `payments` (`config/stripe_events.py`) at every look, at least once, by whichever way the news came.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from partners.destination_details import Details
from partners.models import Method, Partner, PartnerAccount, PayoutDestination, PayoutHold
from partners.operations.change_destination import change_destination
from partners.operations.hold_partner import hold_partner
from payments.facts import AccountChanged, AccountRefused
from people.models import User

LIVE = (PayoutDestination.State.PENDING, PayoutDestination.State.ACTIVE)


class Outcome(StrEnum):
    ENTERED = "entered"
    BANK_CHANGED = "bank_changed"
    LOST = "lost"
    KEPT = "kept"
    REFUSED = "refused"
    KNOWN = "known"


def follow_account(fact: AccountChanged, *, now: datetime) -> Outcome:
    """Keep how the account stands, and see to the destination that it is. In the caller's transaction.

    It is entered as the partner's destination the first time it takes transfers, by whoever asked for it, unless
    somebody entered another meanwhile. Another bank at Stripe is a changed destination: on hold until the call-back.
    An account that is paid into and does not take transfers any more puts the partner on hold until a person lifts it.
    One that was closed stays closed once another was asked for in its place. Else it is there again when Stripe shows
    it again, as after a key of another account of ours; its partner's hold stays until a person lifts it.
    """
    row = _locked(fact.subject)
    if _stays_closed(row, fact):
        return Outcome.KNOWN
    lost, bank_before = row.takes_transfers and not fact.takes_transfers, row.bank_mark
    _keep(row, fact, lost=lost)
    newest = PayoutDestination.objects.filter(partner=row.partner, stripe_account=row.stripe_account).first()
    if newest is None:
        later = row.partner.destinations.filter(edited_at__gt=row.asked_at).exists()
        if not row.takes_transfers or later:
            return Outcome.KEPT
        enter_account(row, by=row.asked_by, now=now)
        return Outcome.ENTERED
    _say_ready(row, fact)
    is_paid_there = row.partner.destinations.filter(stripe_account=row.stripe_account, state="active").exists()
    if lost and is_paid_there:
        _hold(row, now)
    if _is_another_bank(row, newest, has_moved=row.bank_mark != bank_before):
        enter_account(row, by=row.asked_by, now=now)
        return Outcome.BANK_CHANGED
    return Outcome.LOST if lost and is_paid_there else Outcome.KEPT


def refuse_account(fact: AccountRefused, *, now: datetime) -> Outcome:
    """Stripe will not make it: staff may ask again. In the caller's transaction."""
    row = _locked(fact.subject)
    if row.state != PartnerAccount.State.ASKED:
        return Outcome.KNOWN
    row.state, row.refusal = PartnerAccount.State.REFUSED, fact.code[:60]
    row.save(update_fields=["state", "refusal"])
    return Outcome.REFUSED


def enter_account(row: PartnerAccount, *, by: User, now: datetime) -> PayoutDestination:
    """Enter the locked account as where its partner is to be paid, with the bank that Stripe shows now."""
    details = Details(
        method=Method.CONNECT,
        stripe_account=row.stripe_account,
        bank_last4=row.bank_last4,
        bank_mark=row.bank_mark,
    )
    entered = change_destination(partner_id=row.partner_id, details=details, by=by, now=now)
    if row.takes_transfers:
        entered.stripe_ready_at = now
        entered.save(update_fields=["stripe_ready_at"])
    return entered


def _locked(subject: str) -> PartnerAccount:
    """The partner first, as everybody locks them."""
    rows = PartnerAccount.objects.filter(pk=int(subject.partition(":")[2]))
    Partner.objects.select_for_update().get(pk=rows.values_list("partner_id", flat=True).get())
    return rows.select_for_update(of=("self",)).select_related("partner", "asked_by").get()


def _stays_closed(row: PartnerAccount, fact: AccountChanged) -> bool:
    has_a_next = PartnerAccount.objects.filter(partner=row.partner_id, pk__gt=row.pk)
    return row.state == PartnerAccount.State.CLOSED and (fact.is_closed or has_a_next.exists())


def _keep(row: PartnerAccount, fact: AccountChanged, *, lost: bool) -> None:
    row.state = PartnerAccount.State.CLOSED if fact.is_closed else PartnerAccount.State.MADE
    row.stripe_account, row.takes_transfers = fact.account_id, fact.takes_transfers
    row.losses += lost
    if not fact.is_closed:  # Stripe does not show the bank of what it no longer knows
        row.bank_last4, row.bank_mark = fact.bank_last4, fact.bank_mark
    row.save(update_fields=["state", "stripe_account", "takes_transfers", "losses", "bank_last4", "bank_mark"])


def _is_another_bank(row: PartnerAccount, newest: PayoutDestination, *, has_moved: bool) -> bool:
    """Whether Stripe pays out to a bank that nobody was asked about, while the partner is, or is to be, paid there.

    A bank that was refused is not asked about again while it stays: only when Stripe had another one in between.
    """
    if newest.fingerprint == row.bank_mark and (newest.state in LIVE or not has_moved):
        return False
    live = row.partner.destinations.filter(stripe_account=row.stripe_account, state__in=LIVE)
    return live.exclude(fingerprint=row.bank_mark).exists()


def _say_ready(row: PartnerAccount, fact: AccountChanged) -> None:
    """Whether a destination can be confirmed is on its row too: it is asked under the partner's lock."""
    live = row.partner.destinations.filter(stripe_account=row.stripe_account, state__in=LIVE)
    if row.takes_transfers:
        live.filter(stripe_ready_at__isnull=True).update(stripe_ready_at=fact.at)
    else:
        live.filter(stripe_ready_at__isnull=False).update(stripe_ready_at=None)


def _hold(row: PartnerAccount, now: datetime) -> None:
    closed = row.state == PartnerAccount.State.CLOSED
    hold_partner(
        partner_id=row.partner_id,
        by=row.asked_by,
        reason="Stripe closed its account." if closed else "Stripe says that its account takes no transfers any more.",
        now=now,
        kind=PayoutHold.Reason.STRIPE,
        cause=f"{row.ref}:lost:{row.losses}",
    )
