"""What the signed contract says beside share and days is written down, for states that ask for it as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import transaction

from partners.models import Agreement, AgreementEvent, AgreementTerms
from people.models import RoleGrant, User


class Frozen(Exception):
    """The agreement is in force and its terms are written: both stay as they were approved."""


class TooEarly(ValueError):
    """The final accounting would come before the last day; `str(error)` says which that is."""


class NobodyLeft(Exception):
    """Whoever writes is the last who could activate the draft, and writing would leave nobody who can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The terms as typed; empty where the contract says nothing (rules/shop.md section 4, the lists of GA and NH)."""

    seller_type: str
    area: str = ""
    name_use: str = ""
    estimated_units: int | None = None
    paid_when: str = ""
    paid_how: str = ""
    accounting_on: date | None = None
    statute: str = ""
    first_signer: str = ""
    second_signer: str = ""


@transaction.atomic
def write_terms(*, agreement_id: int, contract: Contract, by: User, now: datetime) -> AgreementTerms:
    """Write the terms of a draft, as often as needed until it is activated, each time with an event.

    An agreement that is in force without them gets them once. Who wrote them cannot activate the agreement.
    Raises Frozen, TooEarly, NobodyLeft.
    """
    agreement = Agreement.objects.select_for_update().get(pk=agreement_id)
    written = AgreementTerms.objects.filter(agreement=agreement).first()
    if written is not None and agreement.state != Agreement.State.DRAFT:
        raise Frozen(str(agreement))
    if contract.accounting_on is not None and contract.accounting_on < agreement.ends_on:
        raise TooEarly(f"The final accounting comes after the last day, {agreement.ends_on}.")
    if agreement.state == Agreement.State.DRAFT and _is_last_approver(agreement, by):
        raise NobodyLeft("Nobody else could activate this agreement: let the person who prepared it write its terms.")
    terms, _ = AgreementTerms.objects.update_or_create(agreement=agreement, defaults=asdict(contract))
    AgreementEvent.objects.create(agreement=agreement, kind=AgreementEvent.Kind.TERMS, by=by, at=now)
    return terms


def _is_last_approver(agreement: Agreement, by: User) -> bool:
    """Whether `by` can activate the draft so far, and nobody else holds the role and has a free hand."""
    writers = agreement.events.filter(kind=AgreementEvent.Kind.TERMS).values("by")
    free = (
        RoleGrant.objects.filter(role="finance approver", granted_at__isnull=False, ended_at__isnull=True)
        .filter(user__is_active=True)
        .exclude(user=agreement.prepared_by_id)
        .exclude(user__in=writers)
    )
    return set(free.values_list("user", flat=True)) == {by.pk}
