"""A payment's promised shares are the partners' money: one allocation and one accrual entry per agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger import builders
from ledger.drafts import EntryDraft
from ledger.operations.post_entry import Posted, post_entries
from partners.models import Agreement, Allocation, AllocationLine
from partners.models.allocations import allocation_ref
from partners.sharing import AgreementShare, ShareLine, shares_of_payment
from people.queries import local_day, organisation

__all__ = ["ShareLine", "UnknownAgreement", "allocate"]


class UnknownAgreement(LookupError):
    """A line names an agreement that does not exist or was never activated."""


@dataclass(frozen=True, slots=True)
class _Payment:
    """What all allocations of one call have in common; the days are local."""

    source: str
    charge_ref: str
    currency: str
    bound_on: date
    earned_at: datetime
    earned_on: date


def allocate(
    *,
    source: str,
    charge_ref: str,
    currency: str,
    lines: Sequence[ShareLine],
    bound_at: datetime,
    earned_at: datetime,
    now: datetime,
) -> list[Allocation]:
    """Accrue what this payment owes to partners (DESIGN.md section 4 "Accrual"); inside the caller's transaction.

    `source` is what was paid ("order:1042"), `charge_ref` the payment, `bound_at` when the promise bound, `earned_at`
    when it was paid. Per agreement the share is rounded once and split over its lines; a line without a basis brings
    nothing. Idempotent on (source, charge_ref, agreement): a repeated call returns the rows of the first.
    Raises UnknownAgreement, and whatever `post_entries` raises.
    """
    org = organisation()
    payment = _Payment(source, charge_ref, currency, local_day(bound_at, org), earned_at, local_day(earned_at, org))
    # 1. What this payment owes, by the agreements frozen on its lines.
    shares = shares_of_payment(lines, _agreements(lines))
    # 2. What is on the books already stays as it is.
    known = _known(payment)
    new = [share for share in shares if share.agreement.pk not in known]
    if new:
        # 3. Entries first: of two callers at once the second waits there, then finds the rows of the first.
        posted = _post(payment, new, now)
        known = _known(payment)
        # 4. The allocations that explain the entries.
        rows = _write(payment, [share for share in new if share.agreement.pk not in known], posted)
        known |= {row.agreement_id: row for row in rows}
    return [known[share.agreement.pk] for share in shares]


def _agreements(lines: Sequence[ShareLine]) -> dict[int, Agreement]:
    wanted = {agreement_id for line in lines if line.basis_minor > 0 for agreement_id in line.agreement_ids}
    found = Agreement.objects.exclude(state=Agreement.State.DRAFT).select_related("partner").in_bulk(wanted)
    if missing := wanted - found.keys():
        raise UnknownAgreement(f"no active agreement: {', '.join(map(str, sorted(missing)))}")
    return found


def _known(payment: _Payment) -> dict[int, Allocation]:
    rows = Allocation.objects.filter(source=payment.source, charge_ref=payment.charge_ref)
    return {row.agreement_id: row for row in rows}


def _post(payment: _Payment, shares: Sequence[AgreementShare], now: datetime) -> dict[int, Posted]:
    """One accrual entry per share above zero: {agreement id: what was posted}."""
    worth = [share for share in shares if share.amount_minor]
    results = post_entries([_draft(payment, share) for share in worth], now=now)
    return {share.agreement.pk: posted for share, posted in zip(worth, results, strict=True)}


def _draft(payment: _Payment, share: AgreementShare) -> EntryDraft:
    return builders.accrual(
        allocation_ref=allocation_ref(payment.source, payment.charge_ref, share.agreement.pk),
        source=payment.source,
        event_at=payment.earned_at,
        effective_on=payment.earned_on,
        currency=payment.currency,
        partner=share.agreement.partner.owner,
        amount_minor=share.amount_minor,
    )


def _write(payment: _Payment, shares: Sequence[AgreementShare], posted: dict[int, Posted]) -> list[Allocation]:
    allocations = Allocation.objects.bulk_create(
        Allocation(
            agreement=share.agreement,
            source=payment.source,
            charge_ref=payment.charge_ref,
            paid_minor=share.paid_minor,
            basis_minor=share.basis_minor,
            uncapped_minor=share.uncapped_minor,
            amount_minor=share.amount_minor,
            currency=payment.currency,
            bound_on=payment.bound_on,
            earned_at=payment.earned_at,
            earned_on=posted[share.agreement.pk].effective_on if share.amount_minor else payment.earned_on,
            entry_id=posted[share.agreement.pk].entry_id if share.amount_minor else None,
        )
        for share in shares
    )
    AllocationLine.objects.bulk_create(
        AllocationLine(
            allocation=allocation,
            line_ref=part.line.line_ref,
            label=part.line.label,
            design=part.line.design,
            units=part.line.units,
            paid_minor=part.line.paid_minor,
            basis_minor=part.line.basis_minor,
            amount_minor=part.amount_minor,
        )
        for allocation, share in zip(allocations, shares, strict=True)
        for part in share.lines
    )
    return allocations
