"""What came of a prenote is known: nothing came back in its days, or the bank refused or corrected the account."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction

from partners.ach_verdicts import notice_ref
from partners.bank.bank_days import after
from partners.models import AchEntry, Partner, PayoutHold, PrenoteOutcome
from partners.operations.hold_partner import hold_partner
from partners.queries.eligible import policy
from people.models import User
from people.queries import local_day

_CODE = re.compile(r"[RC][0-9]{2}", re.ASCII)


class AlreadyNoted(Exception):
    """What came of it was noted before."""


class TooEarly(ValueError):
    """A bank may still answer: that nothing came back is known after the days of the policy."""


class NeverFetched(Exception):
    """Nobody fetched the file, so no bank was asked: it can be asked anew."""


class NoSuchCode(ValueError):
    """Return codes are R01 to R99, notifications of change C01 to C99."""


@transaction.atomic
def note_prenote(*, entry_id: int, code: str, by: User, now: datetime) -> PrenoteOutcome:
    """Note the bank's `code`, or with none that nothing came back. Raises AlreadyNoted, TooEarly,
    NeverFetched, NoSuchCode.

    A code puts the partner on hold until changed details were called back, also when nothing had come back so far: a
    late answer is an answer. That nothing came back lifts no hold: only a person who has called the partner does that.
    """
    code = code.strip().upper()
    if code and not _CODE.fullmatch(code):
        raise NoSuchCode("Write the bank's code, such as R03 for a return or C01 for a notification of change.")
    entry = AchEntry.objects.select_related("file", "paid_to").get(pk=entry_id, attempt__isnull=True)
    Partner.objects.select_for_update().get(pk=entry.paid_to.partner_id)
    noted = set(PrenoteOutcome.objects.filter(entry=entry).values_list("code", flat=True))
    if any(noted) or (noted and not code):
        raise AlreadyNoted("What came of this prenote was noted before.")
    if not code and entry.file.downloaded_at is None:
        raise NeverFetched("Nobody has fetched this prenote's file, so no bank was asked. Fetch it, or make a new one.")
    over_on = after(entry.file.effective_on, policy().prenote_wait_days)
    if not code and local_day(now) < over_on:
        raise TooEarly(f"The bank may answer until {over_on:%-d %B %Y}. Note it from that day on.")
    if code:
        hold_partner(
            partner_id=entry.paid_to.partner_id,
            by=by,
            reason=f"The prenote to {entry.paid_to} came back with {code}.",
            now=now,
            kind=PayoutHold.Reason.NOTICE,
            cause=f"{notice_ref(entry)}:{code}:1",
        )
    return PrenoteOutcome.objects.create(entry=entry, code=code, noted_by=by, noted_at=now)
