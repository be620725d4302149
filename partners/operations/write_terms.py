"""What the signed contract says beside share and days is written down, for states that ask for it as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import transaction

from partners.models import Agreement, AgreementEvent, AgreementTerms
from people.models import User


class Frozen(Exception):
    """The agreement is in force and its terms are written: both stay as they were approved."""


class TooEarly(ValueError):
    """The final accounting would come before the last day; `str(error)` says which that is."""


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
    Raises Frozen, TooEarly.
    """
    agreement = Agreement.objects.select_for_update().get(pk=agreement_id)
    written = AgreementTerms.objects.filter(agreement=agreement).first()
    if written is not None and agreement.state != Agreement.State.DRAFT:
        raise Frozen(str(agreement))
    if contract.accounting_on is not None and contract.accounting_on < agreement.ends_on:
        raise TooEarly(f"The final accounting comes after the last day, {agreement.ends_on}.")
    terms, _ = AgreementTerms.objects.update_or_create(agreement=agreement, defaults=asdict(contract))
    AgreementEvent.objects.create(agreement=agreement, kind=AgreementEvent.Kind.TERMS, by=by, at=now)
    return terms
