"""The doors to the database's own functions that close and reopen months and close accounts, and their refusals.

The functions take the locks and find two persons (migrations/sql: closing.sql, closes.sql); here their refusals get
names, and a closer that has to wait too long, or that the database chose to end a deadlock, lets the writers go on and
comes again. The order of all locks stands at the head of closes.sql.
"""

from __future__ import annotations

import re
from datetime import datetime
from time import sleep
from typing import Any, Final

from django.db import DatabaseError, connection, transaction

from ledger.models import Period, PeriodEvent
from ledger.operations.post_entry import IsolationTooHigh, NoSuchMonth
from people.models import Approval, User

LOCK_TIMEOUT_MS: Final = 3_000  # a waiting closer holds up those who want to post into the month
PAUSE_S: Final = 1.0
ATTEMPTS_MAX: Final = 5


class NotApproved(Exception):
    """No second person has approved this, or the approval was used before."""


class ContentChanged(Exception):
    """What would be done is not what was approved any more: it has to be proposed again."""


class AlreadyApproved(Exception):
    """Exactly this is approved and not done yet: do it, or take the approval back (`refuse_change`)."""


class WrongState(Exception):
    """The month is not in the state from which this can be done."""


class EarlierMonthOpen(Exception):
    """An earlier month holds entries and is not closed."""


class LaterMonthClosed(Exception):
    """Only the latest closed month can be reopened."""


class NotSealed(Exception):
    """The month holds entries that are not sealed yet."""


class AccountNotZero(Exception):
    """An account is closed at a balance of zero only."""


class NoSuchAccount(Exception):
    """There is no account with this number."""


class MonthBusy(Exception):
    """Somebody is posting into the month for longer than a closer waits; nothing has changed, try again."""


class NotWaiting(Exception):
    """Nothing waits for a decision under this subject (any more)."""


class SamePerson(Exception):
    """Somebody would decide on what they proposed themselves."""


_REFUSALS: Final[dict[str, type[Exception]]] = {
    "TS002": IsolationTooHigh,
    "TS003": NoSuchMonth,
    "TS010": NotApproved,
    "TS011": ContentChanged,
    "TS012": WrongState,
    "TS013": EarlierMonthOpen,
    "TS014": LaterMonthClosed,
    "TS015": NotSealed,
    "TS016": AccountNotZero,
    "TS017": NoSuchAccount,
    "55P03": MonthBusy,  # waited too long
    "40P01": MonthBusy,  # a deadlock, ended at our expense
}
_SUBJECT: Final = re.compile(r"ledger:(close|reopen|close-account):(\d{1,9})")
_HASHES: Final = {"close": "ledger_close_hash", "reopen": "ledger_reopen_hash", "close-account": "ledger_account_hash"}


def close_subject(yyyymm: int) -> str:
    return f"ledger:close:{yyyymm}"


def reopen_subject(yyyymm: int) -> str:
    return f"ledger:reopen:{yyyymm}"


def close_account_subject(account_id: int) -> str:
    return f"ledger:close-account:{account_id}"


def state_of(yyyymm: int) -> str:
    """The state of a month; raises NoSuchMonth."""
    state = Period.objects.filter(pk=yyyymm).values_list("state", flat=True).first()
    if state is None:
        raise NoSuchMonth(f"month {yyyymm} is not in the books")
    return state


def current_hash(subject: str) -> str:
    """What a subject's approval signs, as it is now (hex); raises NotWaiting where there is nothing to sign."""
    function, number = _parsed(subject)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [number])
        (content,) = cursor.fetchone()
    if content is None:
        raise NotWaiting(f"there is nothing to approve as {subject}")
    return str(content)


def ask_for_approval(subject: str, *, by: User, now: datetime, reason: str = "") -> Approval:
    """The approval that waits under a subject for its content as it is now; one of older content is void with this.

    Raises AlreadyApproved, NotWaiting where there is nothing to approve.
    """
    content = current_hash(subject)
    standing = unused_approval(subject)
    if standing is not None and standing.subject_hash == content:
        raise AlreadyApproved(f"{subject} is approved as it stands and not done yet")
    waiting = Approval.objects.select_for_update().filter(subject=subject, decision=Approval.Decision.WAITING).first()
    if waiting is None:
        asked = {"requested_by": by, "requested_at": now, "reason": reason}
        return Approval.objects.create(subject=subject, subject_hash=content, **asked)
    if waiting.subject_hash != content:
        waiting.subject_hash, waiting.requested_by, waiting.requested_at = content, by, now
        waiting.reason = reason
        waiting.save(update_fields=["subject_hash", "requested_by", "requested_at", "reason"])
    return waiting


def waiting_for(subject: str, by: User) -> Approval:
    """The locked approval that waits under a subject of ours, when `by` may decide on it.

    Raises NotWaiting, SamePerson.
    """
    _parsed(subject)
    waiting = Approval.objects.select_for_update().filter(subject=subject, decision=Approval.Decision.WAITING).first()
    if waiting is None:
        raise NotWaiting(f"{subject} does not wait for approval")
    if waiting.requested_by_id == by.pk:
        raise SamePerson(f"who proposed {subject} cannot decide on it")
    return waiting


def unused_approval(subject: str) -> Approval | None:
    """The last word about a subject of ours, when it is an approval that nothing has come of yet."""
    said = [Approval.Decision.APPROVED, Approval.Decision.REFUSED]
    last = Approval.objects.filter(subject=subject, decision__in=said).order_by("-pk").first()
    if last is None or last.decision != Approval.Decision.APPROVED:
        return None
    return None if PeriodEvent.objects.filter(approval=last).exists() else last


def to_refuse(subject: str, by: User) -> Approval:
    """What waits under a subject of ours, or, to take an unused approval back, its question asked once more.

    Raises NotWaiting, SamePerson.
    """
    try:
        return waiting_for(subject, by)
    except NotWaiting:
        approved = unused_approval(subject)
        if approved is None:
            raise
    if approved.requested_by_id == by.pk:
        raise SamePerson(f"who proposed {subject} cannot decide on it")
    asked = {"requested_by": approved.requested_by, "requested_at": approved.requested_at}
    return Approval.objects.create(subject=subject, subject_hash=approved.subject_hash, **asked)


def decide(approval: Approval, decision: Approval.Decision, *, by: User, now: datetime, reason: str = "") -> None:
    """Write the decision down."""
    approval.decision, approval.decided_by, approval.decided_at = decision, by, now
    approval.reason = reason or approval.reason
    approval.save(update_fields=["decision", "decided_by", "decided_at", "reason"])


def _parsed(subject: str) -> tuple[str, int]:
    """The function that hashes what a subject names, and its number; raises NotWaiting for what is not ours."""
    parts = _SUBJECT.fullmatch(subject)
    if parts is None:
        raise NotWaiting(f"{subject!r} is nothing that the ledger approves")
    return _HASHES[parts[1]], int(parts[2])


def call(function: str, *values: Any) -> bool:
    """Call one of the functions in a transaction of its own that waits for locks only so long; whether it did anything.

    Raises MonthBusy after ATTEMPTS_MAX waits, and what the function refuses by its name.
    """
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            with transaction.atomic(durable=True):
                return call_in_transaction(function, *values)
        except MonthBusy:
            if attempt == ATTEMPTS_MAX:
                raise
            sleep(PAUSE_S)
    raise AssertionError("the last attempt returns or raises")


def call_in_transaction(function: str, *values: Any) -> bool:
    """One attempt of `call`, inside the caller's transaction, which a refusal breaks."""
    slots = ", ".join(["%s"] * len(values))
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(LOCK_TIMEOUT_MS)])
            cursor.execute(f"SELECT {function}({slots})", values)
            return bool(cursor.fetchone()[0])
    except DatabaseError as error:
        refusal = _REFUSALS.get(getattr(error.__cause__, "sqlstate", ""))
        if refusal is None:
            raise
        raise refusal(str(error).partition("\n")[0]) from error
