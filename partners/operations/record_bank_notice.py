"""A partner's bank sent a payout back (R code), or asks for other details (C code): the partner is on hold."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time

from django.db import transaction

from partners.models import BankAccount, Method, PartnerPayout, PayoutHold
from partners.operations.fail_attempt import fail_attempt
from partners.operations.hold_partner import hold_partner
from partners.operations.lock_payout import alive, lock_payout
from partners.operations.return_payout import NotArrived, return_payout
from people.models import User
from people.queries import local_day, organisation

_CODE = re.compile(r"[RC][0-9]{2}", re.ASCII)


class NoSuchCode(ValueError):
    """Return codes are R01 to R99, notifications of change C01 to C99."""


@transaction.atomic
def record_bank_notice(
    *, payout_id: int, code: str, account: BankAccount | None, by: User, now: datetime
) -> PartnerPayout:
    """Enter what the bank told of a payout; the partner is on hold until a person has seen to it.

    R code: of a payout that has left our bank the money came back into `account` (E8: 1010/2110x); one that no bank
    line was confirmed for did not leave (2120x/2110x), and whether a cheque or payment by hand is out is for another
    person to see, not for a call-back. C code: the payout went through, but the next one needs a changed destination,
    which is entered and called back as any other. Raises NoSuchCode, NotArrived.
    """
    code = code.strip().upper()
    if not _CODE.fullmatch(code):
        raise NoSuchCode("Write the bank's code, such as R03 for a return or C01 for a notification of change.")
    payout, attempts = lock_payout(payout_id)
    if code[0] == "C":
        _hold(payout, PayoutHold.Reason.NOTICE, code, by, now)
        return payout
    attempt = alive(attempts)
    if attempt is not None:
        fail_attempt(payout, attempt, code=code, by=by, now=now)
        unseen = Method(attempt.method).is_out_of_sight
        _hold(payout, PayoutHold.Reason.VOIDED if unseen else PayoutHold.Reason.RETURNED, code, by, now)
        return payout
    if account is None:
        raise NotArrived("Say into which account the money came back.")
    day = local_day(now)
    noon = datetime.combine(day, time(12), organisation().zone).astimezone(UTC)
    return_payout(payout_id=payout.pk, bank=f"bank:{account.pk}", on=day, at=min(noon, now), code=code, by=by, now=now)
    payout.refresh_from_db()
    return payout


def _hold(payout: PartnerPayout, kind: PayoutHold.Reason, code: str, by: User, now: datetime) -> PayoutHold:
    said = "went through with" if kind == PayoutHold.Reason.NOTICE else "came back with"
    return hold_partner(
        partner_id=payout.partner_id,
        by=by,
        reason=f"{payout.reference} {said} {code}.",
        now=now,
        kind=kind,
        cause=f"{payout.ref}:{code}:{payout.attempts.count()}",
    )
