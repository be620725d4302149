"""What an agreement lacks before it can be in force: a promise that nobody signed is not claimed (shop.md case 7)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Final

from django.utils.formats import date_format

from partners.models import Agreement, AgreementDuty, AgreementEvent, AgreementTerms, Duty

Kind = AgreementEvent.Kind
SIGNERS: Final = ("first_signer", "second_signer")
TERMS: Final = (
    "seller_type",
    "area",
    "name_use",
    "estimated_units",
    "paid_when",
    "paid_how",
    "accounting_on",
    "statute",
    *SIGNERS,
)  # as the page and the file tell them


def lacking(agreement: Agreement) -> list[str]:
    """In plain words, such as "the signed document"; empty for one that may be activated. Three queries."""
    kept = set(agreement.events.filter(kind__in=AgreementEvent.PAPERS).values_list("kind", flat=True))
    states: dict[str, list[str]] = defaultdict(list)
    asked = AgreementDuty.objects.filter(agreement=agreement).order_by("rule__state")
    for duty, state in asked.values_list("rule__duty", "rule__state"):
        states[duty].append(state)
    written = terms_of(agreement)
    empty = {name for name in TERMS if written is None or getattr(written, name) in ("", None)}
    missing = []
    if Kind.SIGNED not in kept:
        missing.append("the signed document")
    if states[Duty.CONSENT] and Kind.CONSENTED not in kept:
        missing.append(f"the partner's written consent, for {', '.join(states[Duty.CONSENT])}")
    if states[Duty.OFFICERS] and empty & set(SIGNERS):
        missing.append(f"the offices of two signers, for {', '.join(states[Duty.OFFICERS])}")
    if states[Duty.TERMS] and empty:
        words = ", ".join(label(name) for name in TERMS if name in empty)
        missing.append(f"the contract's terms for {', '.join(states[Duty.TERMS])}: {words}")
    return missing


def terms_of(agreement: Agreement) -> AgreementTerms | None:
    """The contract's terms, or None where nobody wrote them. One query."""
    return AgreementTerms.objects.filter(agreement=agreement).first()


def told(terms: AgreementTerms) -> list[tuple[str, object]]:
    """The terms that say something, as label and value; days in words."""
    rows = [(label(name), value(terms, name)) for name in TERMS]
    return [
        (name, date_format(said, "j F Y") if isinstance(said, date) else said)
        for name, said in rows
        if said not in ("", None)
    ]


def label(name: str) -> str:
    """What a page calls a term: "where it is offered"."""
    return str(AgreementTerms._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def value(terms: AgreementTerms, name: str) -> object:
    """What it says; a choice in its words."""
    return terms.get_seller_type_display() if name == "seller_type" else getattr(terms, name)
