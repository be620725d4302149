"""What the bank and the payouts do not agree on is an exception, for as long as it is so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Min

from ledger.discrepancies import Found
from ledger.operations.open_exception import close_exceptions, keep_exceptions
from partners.bank.bank_days import after
from partners.bank.discrepancies import (
    AMOUNT_DIFFERS,
    DUPLICATE,
    HAND_NOT_AT_BANK,
    LINE_UNKNOWN,
    NOT_AT_BANK,
    RETURN_UNMATCHED,
)
from partners.bank.hand_entries import hand_entries
from partners.bank.matching import Differs
from partners.bank.open_sides import BANK_DAYS, doubtful_refs, open_payouts, unexplained_lines
from partners.models import BankLine, BankStatement, MatchItem
from people.queries import local_day

_RETURN: Final = re.compile(r"TP\d{5}N\d{3}|\b(?:RETURN(?:ED)?|RTN|REVERSAL|R\d{2})\b.*\bACH\b|\bACH\b.*\bRETURN", re.I)


@transaction.atomic
def name_bank_differences(differing: Sequence[Differs], *, now: datetime) -> None:
    """Lines that nothing explains, amounts that differ, payouts that are late, returns of nobody knows which payout.

    Nothing is posted: a difference of a cent is an exception of a cent (rules/ledger.md case 9).
    """
    apart = {f"bank:line:{one.line.pk}": one for one in differing}
    lines = unexplained_lines()
    doubtful = doubtful_refs()
    returns = [line for line in lines if line.amount_minor > 0 and _RETURN.search(line.description)]
    named = {*apart, *doubtful, *(line.ref for line in returns)}
    keep_exceptions(AMOUNT_DIFFERS, [_apart(ref, one) for ref, one in apart.items()], now=now)
    keep_exceptions(RETURN_UNMATCHED, [_of(line) for line in returns if line.ref not in apart], now=now)
    keep_exceptions(LINE_UNKNOWN, [_of(line) for line in lines if line.ref not in named], now=now)
    late = _late(local_day(now), {payout.key for one in differing for payout in one.payouts})
    keep_exceptions(NOT_AT_BANK, late, now=now)
    keep_exceptions(HAND_NOT_AT_BANK, _by_hand(local_day(now)), now=now)
    _settle_decided_duplicates(doubtful, now)


def _apart(ref: str, one: Differs) -> Found:
    refs = " ".join(payout.ref for payout in one.payouts)
    return Found(ref, one.off_minor, one.line.currency, refs)


def _of(line: BankLine) -> Found:
    return Found(line.ref, line.amount_minor, line.currency, f"bank:{line.account_id}")


def _late(today: date, differing: set[tuple[str, int]]) -> list[Found]:
    """Payouts of which the five bank days are over; before our first statement nobody can tell."""
    since = BankStatement.objects.aggregate(day=Min("first_on"))["day"]
    if since is None:
        return []
    return [
        Found(payout.ref, payout.amount_minor, payout.currency, f"expected by {payout.last_on}")
        for payout in open_payouts()
        if payout.kind != "returned"
        and payout.last_on < today
        and payout.first_on >= since
        and payout.key not in differing
    ]


def _by_hand(today: date) -> list[Found]:
    """What two people booked at an account since its own first statement, and its bank does not show."""
    firsts = BankStatement.objects.values_list("account").annotate(day=Min("first_on"))
    since = {f"bank:{account}": day for account, day in firsts.order_by()}
    if not since:
        return []
    # What is booked at the bank without an account's name may be on a statement of any.
    since[""] = min(since.values())
    return [
        Found(one.key, one.amount_minor, one.currency, f"of {one.on}")
        for one in hand_entries()
        if one.owner in since and one.on >= since[one.owner] and after(one.on, BANK_DAYS) < today
    ]


def _settle_decided_duplicates(doubtful: set[str], now: datetime) -> None:
    """A line that a person has matched, or called a duplicate, is doubtful no more."""
    lines = [int(ref.rpartition(":")[2]) for ref in doubtful]
    decided = MatchItem.objects.filter(side=MatchItem.Side.BANK, line__in=lines, is_active=True)
    gone = {f"bank:line:{pk}" for pk in decided.values_list("line", flat=True)}
    if gone:
        close_exceptions(DUPLICATE, gone, now=now)
