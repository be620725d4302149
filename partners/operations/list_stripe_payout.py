"""A payout of Stripe's that no line of the bank was matched to is listed for its month, with a person's reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.bank.month_payouts import reason_subject
from partners.models import Match, MatchItem
from payments.models import StripePayout
from people.models import Note, User

WORDS_MAX = 500


class ReasonMissing(ValueError):
    """Whoever lists a payout says why the bank does not show it."""


class AlreadyMatched(Exception):
    """A line of the bank was confirmed for it: there is nothing to explain."""


@transaction.atomic
def list_stripe_payout(*, stripe_payout_id: int, reason: str, by: User, now: datetime) -> Note:
    """Keep `reason` as a note; a later one counts instead. It posts nothing, and what is matched later is matched.

    `stripe_payout_id` is the row's. Raises ReasonMissing, AlreadyMatched, StripePayout.DoesNotExist
    (rules/ledger.md 3c).
    """
    words = reason.replace("\0", "").strip()
    if not words:
        raise ReasonMissing("Say why the bank does not show it.")
    if len(words) > WORDS_MAX:
        raise ReasonMissing(f"Say it in at most {WORDS_MAX} characters.")
    payout = StripePayout.objects.get(pk=stripe_payout_id)
    confirmed = MatchItem.objects.filter(stripe_payout=payout, is_active=True, match__state=Match.State.CONFIRMED)
    if confirmed.exists():
        raise AlreadyMatched(f"{payout.payout_id} is matched to a line of the bank.")
    return Note.objects.create(subject=reason_subject(payout), words=words, by=by, at=now)
