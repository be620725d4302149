"""Everything that our rows know of one id of Stripe's: the payment behind it, what went back, its entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from ledger.models import Entry, ReconciliationException
from payments.models import BalanceTransaction, Charge, CheckoutSession, Dispute, Refund, Transfer, TransferReversal
from payments.readings import charge_ref, dispute_ref, refund_ref

LISTED_MAX: Final = 200
# What entries' keys may end in after these (ledger.builders): whole keys are found by index.
OF_CHARGE: Final = ("sale", "deposit", "suspense", "gift_card", "gift", "benefit")
OF_REFUND: Final = ("", "failed")
OF_DISPUTE: Final = ("lost", "recovered")


@dataclass(frozen=True, kw_only=True)
class Trail:
    """`subject` is what was paid for ("order:1042"), empty where nobody knows; ids are all that belong together."""

    charge: Charge | None = None
    transfer: Transfer | None = None
    reversals: Sequence[TransferReversal] = ()
    subject: str = ""
    sessions: Sequence[CheckoutSession] = ()
    refunds: Sequence[Refund] = ()
    disputes: Sequence[Dispute] = ()
    balance_transactions: Sequence[BalanceTransaction] = ()
    entries: Sequence[Entry] = ()
    ids: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_empty(self) -> bool:
        return self.charge is None and self.transfer is None and not (self.sessions or self.balance_transactions)


def trail_of(object_id: str) -> Trail:
    """The payment to which a charge, refund, dispute or session belongs, whole, or the transfer. At most six queries.

    Of any other id: its balance transactions with their entries.
    """
    transfer = _transfer_behind(object_id)
    if transfer is not None:
        return _trail_of_transfer(transfer)
    charge = charge_behind(object_id).first()
    sessions = list(_sessions(object_id, charge))
    refunds = list(charge.refunds.order_by("created_at")) if charge else []
    disputes = list(charge.disputes.order_by("created_at")) if charge else []
    ids = {object_id, *(one.refund_id for one in refunds), *(one.dispute_id for one in disputes)}
    ids |= {charge.charge_id} if charge else set()
    transactions = list(booked().filter(source_id__in=ids).order_by("created_at", "id")[:LISTED_MAX])
    subject = charge.subject if charge else next((one.subject for one in sessions), "")
    return Trail(
        charge=charge,
        subject=subject,
        sessions=sessions,
        refunds=refunds,
        disputes=disputes,
        balance_transactions=transactions,
        entries=_entries(charge, refunds, disputes, transactions),
        ids=frozenset(ids | {one.session_id for one in sessions}),
    )


def _transfer_behind(object_id: str) -> Transfer | None:
    """The transfer that an id is, or was taken back by."""
    kind = object_id.partition("_")[0]
    if kind == "tr":
        return Transfer.objects.filter(transfer_id=object_id).first()
    return Transfer.objects.filter(reversals__reversal_id=object_id).first() if kind == "trr" else None


def _trail_of_transfer(transfer: Transfer) -> Trail:
    reversals = list(transfer.reversals.order_by("created_at", "reversal_id"))
    ids = frozenset({transfer.transfer_id, *(one.reversal_id for one in reversals)})
    transactions = list(booked().filter(source_id__in=ids).order_by("created_at", "id")[:LISTED_MAX])
    return Trail(
        transfer=transfer,
        reversals=reversals,
        subject=transfer.subject,
        balance_transactions=transactions,
        entries=_entries(None, (), (), transactions),
        ids=ids,
    )


def subject_of(object_id: str) -> str:
    """What the money of a charge, refund, dispute or transfer is for ("order:1042", "payout:7"); empty if unknown."""
    transfer = _transfer_behind(object_id)
    if transfer is not None:
        return transfer.subject
    return charge_behind(object_id).values_list("subject", flat=True).first() or ""


def booked() -> QuerySet[BalanceTransaction]:
    """Balance transactions with their entry, their payout, and `exception_id`, the open exception that names each."""
    ref = Concat(Value("stripe:bt:"), OuterRef("bt_id"), output_field=CharField())
    named = ReconciliationException.objects.filter(resolved_at__isnull=True, subject=ref).order_by("id")
    rows = BalanceTransaction.objects.select_related("payout", "entry")
    return rows.annotate(exception_id=Subquery(named.values("pk")[:1]))


def charge_behind(object_id: str) -> QuerySet[Charge]:
    """The charge that an id is, or belongs to; none for ids of other things."""
    kind = object_id.partition("_")[0]
    if kind in ("ch", "py"):
        return Charge.objects.filter(charge_id=object_id)
    if kind in ("re", "pyr"):
        return Charge.objects.filter(refunds__refund_id=object_id)
    if kind in ("dp", "du"):
        return Charge.objects.filter(disputes__dispute_id=object_id)
    if kind == "cs":
        paid = CheckoutSession.objects.filter(session_id=object_id).exclude(charge_id="")
        return Charge.objects.filter(charge_id__in=paid.values("charge_id"))
    return Charge.objects.none()


def _sessions(object_id: str, charge: Charge | None) -> Iterable[CheckoutSession]:
    named = Q(session_id=object_id)
    if charge and charge.subject:
        named |= Q(subject=charge.subject)
    return CheckoutSession.objects.filter(named).defer("url").order_by("created_at")[:LISTED_MAX]


def _entries(
    charge: Charge | None,
    refunds: Iterable[Refund],
    disputes: Iterable[Dispute],
    transactions: Iterable[BalanceTransaction],
) -> list[Entry]:
    """In the order in which they happened."""
    keys = [f"{charge_ref(charge.charge_id)}:{end}" for end in OF_CHARGE] if charge else []
    keys += [f"{refund_ref(one.refund_id)}:{end}".rstrip(":") for one in refunds for end in OF_REFUND]
    keys += [f"{dispute_ref(one.dispute_id)}:{end}" for one in disputes for end in OF_DISPUTE]
    booked = {one.entry_id: one.entry for one in transactions if one.entry is not None}
    found = [*Entry.objects.filter(idempotency_key__in=keys), *booked.values()] if keys else list(booked.values())
    return sorted(found, key=lambda entry: (entry.event_at, entry.pk))
