"""A payment's promised shares are the partners' money: one allocation and one accrual entry per agreement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from ledger import builders
from ledger.drafts import EntryDraft
from ledger.operations.post_entry import Posted, post_entries
from partners.capping import Difference, lock_totals, move, place_of, post_differences
from partners.models import Agreement, AgreementTotal, Allocation, AllocationLine, CapSource
from partners.models.allocations import ACCRUAL, allocation_ref
from partners.sharing import AgreementShare, ShareLine, shares_of_payment
from partners.waiting import keep_waiting, with_fees
from payments.queries import fees_of
from people.queries import local_day, organisation

__all__ = ["ShareLine", "UnknownAgreement", "WrongCurrency", "allocate"]


class UnknownAgreement(LookupError):
    """A line names an agreement that does not exist or was never activated."""


class WrongCurrency(ValueError):
    """An agreement promises or is capped by an amount of one currency, and the payment is of another."""


@dataclass(frozen=True, slots=True)
class _Payment:
    """What all allocations of one call have in common; the days are local."""

    source: str
    charge_ref: str
    currency: str
    bound_on: date
    earned_at: datetime
    earned_on: date


Agreements = Mapping[int, Agreement]


def allocate(
    *,
    source: str,
    charge_ref: str,
    currency: str,
    lines: Sequence[ShareLine],
    bound_at: datetime,
    earned_at: datetime,
    now: datetime,
    other_parts_minor: Sequence[int] = (),
    known_at: datetime | None = None,
) -> list[Allocation]:
    """Accrue what this payment owes to partners (DESIGN.md section 4 "Accrual"); inside the caller's transaction.

    `source` is what was paid ("order:1042"), `charge_ref` the payment, `bound_at` when the promise bound, `earned_at`
    when it was paid; `lines` are all of its lines and `other_parts_minor` what else was paid for, over which a card fee
    is spread. Per agreement the share is rounded once and split over its lines; what nothing was paid for brings
    nothing. What is net of a fee that nobody knows yet waits for it (`accrue_waiting`, which gives the fees with the
    lines and in `known_at` the moment they were known). Idempotent on (source, charge_ref, agreement): a repeated call
    returns the rows of the first. Raises UnknownAgreement, WrongCurrency, and whatever `post_entries` raises.
    """
    org = organisation()
    payment = _Payment(
        source, charge_ref, currency, local_day(bound_at, org), earned_at, local_day(known_at or earned_at, org)
    )
    agreements = _agreements(lines, currency)
    # 1. What needs the card fee gets it, or waits.
    if net_of_fees := {pk for pk, agreement in agreements.items() if agreement.terms.is_estimate}:
        lines = _with_known_fees(payment, lines, other_parts_minor, bound_at, net_of_fees)
    # 2. What this payment owes, by the agreements frozen on its lines.
    shares = shares_of_payment(lines, {pk: agreement.terms for pk, agreement in agreements.items()})
    # 3. What is on the books already stays as it is; under a cap it is looked at only once that is ours.
    capped = [agreement for agreement in agreements.values() if agreement.cap_minor]
    totals = lock_totals((agreement, payment.bound_on) for agreement in capped)
    known = _known(payment)
    new = [share for share in shares if share.agreement_id not in known]
    if new:
        # 4. A cap lets through what there is room for.
        places = _take_places(payment, new, agreements, totals)
        let_through = [_limited(share, places) for share in new]
        # 5. Entries first: of two callers at once the second waits there, then finds the rows of the first.
        posted = _post(payment, let_through, agreements, now)
        known = _known(payment)
        # 6. The allocations that explain the entries.
        pairs = [pair for pair in zip(new, let_through, strict=True) if pair[0].agreement_id not in known]
        rows = _write(payment, pairs, agreements, posted)
        known |= {row.agreement_id: row for row in rows}
        # 7. What that changed for checkouts and payments that stand later under the same cap.
        for _, later in places.values():
            post_differences(later, cause=payment.charge_ref, at=earned_at, now=now)
    return [known[share.agreement_id] for share in shares]


def _agreements(lines: Sequence[ShareLine], currency: str) -> Agreements:
    wanted = {agreement_id for line in lines if line.paid_minor > 0 for agreement_id in line.agreement_ids}
    found = Agreement.objects.exclude(state=Agreement.State.DRAFT).select_related("partner").in_bulk(wanted)
    if missing := wanted - found.keys():
        raise UnknownAgreement(f"no active agreement: {', '.join(map(str, sorted(missing)))}")
    for agreement in found.values():
        if (agreement.each_minor or agreement.cap_minor) and agreement.currency != currency:
            raise WrongCurrency(f"{agreement} promises {agreement.currency}, the payment is in {currency}")
    return found


def _with_known_fees(
    payment: _Payment,
    lines: Sequence[ShareLine],
    other_parts_minor: Sequence[int],
    bound_at: datetime,
    net_of_fees: Collection[int],
) -> Sequence[ShareLine]:
    """The lines with their fees; while those are unknown, without the agreements that need them, which are kept."""
    if all(line.fee_minor is not None for line in lines):
        return lines
    fee = fees_of([payment.charge_ref]).get(payment.charge_ref)
    if fee is not None and fee.currency == payment.currency:
        return with_fees(lines, other_parts_minor, fee.fee_minor)
    waiting, ready = [], []
    for line in lines:
        needs = tuple(pk for pk in line.agreement_ids if pk in net_of_fees)
        waiting.append(replace(line, agreement_ids=needs))
        ready.append(replace(line, agreement_ids=tuple(pk for pk in line.agreement_ids if pk not in needs)))
    keep_waiting(
        source=payment.source,
        charge_ref=payment.charge_ref,
        currency=payment.currency,
        lines=waiting,
        other_parts_minor=other_parts_minor,
        bound_at=bound_at,
        earned_at=payment.earned_at,
    )
    return ready


def _take_places(
    payment: _Payment,
    shares: Sequence[AgreementShare],
    agreements: Agreements,
    totals: Mapping[int, AgreementTotal],
) -> dict[int, tuple[CapSource, list[Difference]]]:
    """Where these shares stand under their caps, and what their coming takes from later ones, by agreement id."""
    places = {}
    for share in shares:
        if total := totals.get(share.agreement_id):
            place = place_of(total, agreements[share.agreement_id], payment.source, payment.charge_ref)
            changes = move(total, place, state=CapSource.State.ACCRUED, uncapped_minor=share.amount_minor)
            places[share.agreement_id] = (place, [one for one in changes if one.place is not place])
    return places


def _limited(share: AgreementShare, places: Mapping[int, tuple[CapSource, list[Difference]]]) -> AgreementShare:
    place = places.get(share.agreement_id)
    return share if place is None else share.limited_to(place[0].posted_minor)


def _known(payment: _Payment) -> dict[int, Allocation]:
    rows = Allocation.objects.filter(source=payment.source, charge_ref=payment.charge_ref, cause=ACCRUAL)
    return {row.agreement_id: row for row in rows}


def _post(
    payment: _Payment, shares: Sequence[AgreementShare], agreements: Agreements, now: datetime
) -> dict[int, Posted]:
    """One accrual entry per share above zero: {agreement id: what was posted}."""
    worth = [share for share in shares if share.amount_minor]
    results = post_entries([_draft(payment, share, agreements[share.agreement_id]) for share in worth], now=now)
    return {share.agreement_id: posted for share, posted in zip(worth, results, strict=True)}


def _draft(payment: _Payment, share: AgreementShare, agreement: Agreement) -> EntryDraft:
    return builders.accrual(
        allocation_ref=allocation_ref(payment.source, payment.charge_ref, agreement.pk),
        source=payment.source,
        event_at=payment.earned_at,
        effective_on=payment.earned_on,
        currency=payment.currency,
        partner=agreement.partner.owner,
        amount_minor=share.amount_minor,
    )


def _write(
    payment: _Payment,
    pairs: Sequence[tuple[AgreementShare, AgreementShare]],
    agreements: Agreements,
    posted: Mapping[int, Posted],
) -> list[Allocation]:
    """One allocation for each share, given as it would be without a cap and as it is."""
    allocations = Allocation.objects.bulk_create(
        Allocation(
            agreement=agreements[share.agreement_id],
            source=payment.source,
            charge_ref=payment.charge_ref,
            paid_minor=share.paid_minor,
            basis_minor=share.basis_minor,
            uncapped_minor=uncapped.amount_minor,
            amount_minor=share.amount_minor,
            currency=payment.currency,
            bound_on=payment.bound_on,
            earned_at=payment.earned_at,
            earned_on=posted[share.agreement_id].effective_on if share.amount_minor else payment.earned_on,
            entry_id=posted[share.agreement_id].entry_id if share.amount_minor else None,
        )
        for uncapped, share in pairs
    )
    AllocationLine.objects.bulk_create(
        AllocationLine(
            allocation=allocation,
            line_ref=part.line.line_ref,
            label=part.line.label,
            design=part.line.design,
            units=part.line.units,
            paid_minor=part.line.paid_minor,
            basis_minor=part.basis_minor,
            amount_minor=part.amount_minor,
            uncapped_minor=whole.amount_minor if allocation.agreement.cap_minor else None,
        )
        for allocation, (uncapped, share) in zip(allocations, pairs, strict=True)
        for whole, part in zip(uncapped.lines, share.lines, strict=True)
    )
    return allocations
