"""The changes that partners' rows tell: agreements, where partners are paid, and payouts. The bank's: bank/changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db.models import DateTimeField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from partners.models import (
    AchFile,
    Agreement,
    AgreementEvent,
    Cheque,
    DestinationEvent,
    OnboardingLink,
    PartnerAccount,
    PayoutAttempt,
    PayoutBatch,
    PayoutDestination,
    PayoutEvent,
    PayoutHold,
    PrenoteOutcome,
)
from people.history import Change, labelled
from people.models import Attachment
from people.sources import Source

_AGREEMENT = Concat(Value("agreement:"), "pk")
_BATCH = Concat(Value("payout_batch:"), "pk")
_SHOWN = F("label")  # the last four digits at most
_PARTNER = Concat(Value("partner:"), "partner_id")
# What the agreement's own columns tell, also of those from before histories were kept.
_TOLD_BY_COLUMNS = (AgreementEvent.Kind.PREPARED, AgreementEvent.Kind.ACTIVATED, AgreementEvent.Kind.ENDED)


def _when(rows: Callable[[], QuerySet[Any]], column: str) -> Callable[[], QuerySet[Any]]:
    """The rows where somebody did that."""
    return lambda: rows().filter(**{f"{column}__isnull": False})


CHANGES: Final = (
    Change("Agreements", Agreement.objects.all, F("prepared_at"), F("prepared_by"), _AGREEMENT, Value("prepared")),
    Change(
        "Agreements",
        _when(Agreement.objects.all, "approved_by"),
        F("approved_at"),
        F("approved_by"),
        _AGREEMENT,
        Value("activated"),
    ),
    Change(
        "Agreements",
        _when(Agreement.objects.all, "ended_by"),
        F("ended_at"),
        F("ended_by"),
        _AGREEMENT,
        Value("ended early"),
    ),
    Change(
        "Agreements",
        lambda: AgreementEvent.objects.exclude(kind__in=_TOLD_BY_COLUMNS),
        F("at"),
        F("by"),
        Concat(Value("agreement:"), "agreement_id"),
        labelled("kind", AgreementEvent.Kind.choices),
        F("detail"),
    ),
    Change(
        "Destinations",
        PayoutDestination.objects.all,
        F("edited_at"),
        F("edited_by"),
        _PARTNER,
        Value("entered anew"),
        _SHOWN,
    ),
    Change(
        "Destinations",
        DestinationEvent.objects.all,
        F("at"),
        F("by"),
        Concat(Value("partner:"), "destination__partner_id"),
        labelled("word", DestinationEvent.Word.choices),
        F("destination__label"),
    ),
    Change(
        "Destinations",
        PrenoteOutcome.objects.all,
        F("noted_at"),
        F("noted_by"),
        Concat(Value("partner:"), "entry__paid_to__partner_id"),
        Concat(Value("prenote answered "), "code"),
        F("entry__paid_to__label"),
    ),
    Change(
        "Destinations",
        PartnerAccount.objects.all,
        F("asked_at"),
        F("asked_by"),
        _PARTNER,
        Value("account at Stripe asked for"),
    ),
    Change(
        "Destinations",
        _when(OnboardingLink.objects.all, "made_by"),
        F("made_at"),
        F("made_by"),
        Concat(Value("partner:"), "account__partner_id"),
        Value("led to Stripe's questions"),
    ),
    Change(
        "Holds",
        PayoutHold.objects.all,
        F("placed_at"),
        F("placed_by"),
        _PARTNER,
        Value("put on hold"),
        labelled("reason", PayoutHold.Reason.choices),
    ),
    Change(
        "Holds",
        _when(PayoutHold.objects.all, "lifted_by"),
        F("lifted_at"),
        F("lifted_by"),
        _PARTNER,
        Value("can be paid again"),
        labelled("reason", PayoutHold.Reason.choices),
    ),
    Change("Payouts", PayoutBatch.objects.all, F("proposed_at"), F("proposed_by"), _BATCH, Value("proposed")),
    Change(
        "Payouts",
        _when(PayoutBatch.objects.all, "sent_by"),
        F("sent_at"),
        F("sent_by"),
        _BATCH,
        Value("sent"),
    ),
    Change(
        "Payouts",
        lambda: PayoutEvent.objects.filter(payout__isnull=True),
        F("at"),
        F("by"),
        Concat(Value("payout_batch:"), "batch_id"),
        labelled("word", PayoutEvent.Word.choices),
    ),
    Change(
        "Payouts",
        _when(PayoutEvent.objects.all, "payout"),
        F("at"),
        F("by"),
        Concat(Value("payout:"), "payout_id"),
        labelled("word", PayoutEvent.Word.choices),
    ),
    Change(
        "Payouts",
        lambda: PayoutAttempt.objects.filter(number__gt=1),
        F("started_at"),
        F("started_by"),
        Concat(Value("payout:"), "payout_id"),
        Value("tried again"),
    ),
    Change(
        "Payouts",
        lambda: Attachment.objects.filter(subject__startswith="payout:"),
        F("added_at"),
        F("added_by"),
        F("subject"),
        Value("proof or reason kept"),
    ),
    Change(
        "Payouts",
        Cheque.objects.all,
        Cast("issued_on", DateTimeField()),
        F("issued_by"),
        Concat(Value("payout:"), "attempt__payout_id"),
        Concat(Value("cheque issued: "), "number"),
    ),
    Change("Payouts", AchFile.objects.all, F("made_at"), F("made_by"), Concat(Value("ach_file:"), "pk"), Value("made")),
    Change(
        "Payouts",
        _when(AchFile.objects.all, "downloaded_by"),
        F("downloaded_at"),
        F("downloaded_by"),
        Concat(Value("ach_file:"), "pk"),
        Value("fetched for the bank"),
    ),
)


def describe_batches(refs: list[str]) -> dict[str, Source]:
    """ "Payout batch 7", with its page. No query."""
    return {ref: Source(f"Payout batch {_pk(ref)}", reverse("partners:desk_batch", args=[_pk(ref)])) for ref in refs}


def describe_agreements(refs: list[str]) -> dict[str, Source]:
    """ "Agreement 7", with its page. No query."""
    return {ref: Source(f"Agreement {_pk(ref)}", reverse("partners:desk_agreement", args=[_pk(ref)])) for ref in refs}


def describe_destinations(refs: list[str]) -> dict[str, Source]:
    """ "Commerce Bank, ending 6789 of Dahlia's Hope", with the page of where it is paid. One query."""
    rows = PayoutDestination.objects.filter(pk__in=[_pk(ref) for ref in refs]).select_related("partner")
    return {
        row.approval_subject: Source(
            f"{row.label}, of {row.partner}", reverse("partners:desk_destination", args=[row.partner_id])
        )
        for row in rows
    }


def describe_ach_files(refs: list[str]) -> dict[str, Source]:
    """ "ACH file 2026-10-20 A", without its bytes. One query."""
    files = AchFile.objects.in_bulk([_pk(ref) for ref in refs])
    return {f"ach_file:{pk}": Source(str(file)) for pk, file in files.items()}


def _pk(ref: str) -> int:
    return int(ref.partition(":")[2])
