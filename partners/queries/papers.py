"""What an agreement lacks before it can be in force: a promise that nobody signed is not claimed (shop.md case 7)."""

from __future__ import annotations

from partners.models import Agreement, AgreementDuty, AgreementEvent, Duty

Kind = AgreementEvent.Kind


def lacking(agreement: Agreement) -> list[str]:
    """In plain words, such as "the signed document"; empty for one that may be activated. Two queries."""
    kept = set(agreement.events.filter(kind__in=AgreementEvent.PAPERS).values_list("kind", flat=True))
    asking = AgreementDuty.objects.filter(agreement=agreement).values_list("rule__duty", "rule__state")
    missing = []
    if Kind.SIGNED not in kept:
        missing.append("the signed document")
    consent = sorted(state for duty, state in asking if duty == Duty.CONSENT)
    if consent and Kind.CONSENTED not in kept:
        missing.append(f"the partner's written consent, for {', '.join(consent)}")
    return missing
