"""Somebody took the trial balance of a month's end out of the books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from ledger.closing import state_of
from ledger.exports.trial_balance import trial_balance_csv
from ledger.models import TrialBalanceExport
from people.models import User


@dataclass(frozen=True, slots=True)
class Exported:
    row: TrialBalanceExport
    content: bytes


def export_trial_balance(*, yyyymm: int, by: User, now: datetime) -> Exported:
    """The trial balance as CSV, and a row that says who took it out (rules/ledger.md 3c). Raises NoSuchMonth."""
    state_of(yyyymm)
    content = trial_balance_csv(yyyymm)
    row = TrialBalanceExport.objects.create(period_id=yyyymm, sha256=sha256(content).hexdigest(), by=by, at=now)
    return Exported(row, content)
