"""All that a file of ACH returns tells is recorded: payouts are owed again, partners on hold; or nothing is."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from partners.ach_verdicts import verdicts
from partners.models import AchEntry, AchReturnFile, AchReturnRow, Partner
from partners.operations.check_returns import fields_of, said_by
from partners.operations.note_prenote import note_prenote
from partners.operations.record_bank_notice import record_bank_notice
from people.models import User

Word = AchReturnRow.Verdict


class Outcome(StrEnum):
    IMPORTED = "imported"
    OVERTAKEN = "overtaken"


class NotImportable(Exception):
    """The file cannot be taken in as it stands; `str(error)` says why."""


@transaction.atomic
def import_returns(*, file_id: int, by: User, now: datetime) -> Outcome:
    """Do what the verdicts of a checked file say. Raises NotImportable; then nothing has changed.

    R codes give the payout back (`record_bank_notice`), C codes and whatever comes back of a prenote put the partner
    on hold until changed details were called back. If something happened since the check, the verdicts are written
    anew and nothing else is done: a person reads them first (OVERTAKEN).
    """
    file = AchReturnFile.objects.select_for_update(of=("self",)).select_related("account").get(pk=file_id)
    if file.state != AchReturnFile.State.CHECKED:
        raise NotImportable(f"This file does not wait any more: {file.get_state_display().lower()}.")
    rows = list(file.rows.select_related("entry__attempt__payout", "entry__paid_to").order_by("line"))
    # 1. Every partner at once, in the order in which everybody locks them; then the verdicts as they are now.
    partners = {row.entry.paid_to.partner_id for row in rows if row.entry}
    list(Partner.objects.select_for_update().filter(pk__in=partners).order_by("pk"))
    if _written_anew(rows):
        return Outcome.OVERTAKEN
    refused = sum(row.verdict == Word.REFUSED for row in rows)
    if refused:
        count = "1 entry fits" if refused == 1 else f"{refused} entries fit"
        raise NotImportable(f"{count} nothing of ours, so nothing is taken in. Ask your bank about it.")
    # 2. What each says.
    for row in rows:
        if row.verdict != Word.KNOWN and row.entry is not None:
            _record(row, row.entry, by, now)
    # 3. Once.
    _decide(file, AchReturnFile.State.IMPORTED, by, now)
    return Outcome.IMPORTED


@transaction.atomic
def drop_returns(*, file_id: int, by: User, now: datetime) -> None:
    """Nobody wants this file taken in. Raises NotImportable."""
    file = AchReturnFile.objects.select_for_update(of=("self",)).get(pk=file_id)
    if file.state != AchReturnFile.State.CHECKED:
        raise NotImportable(f"This file does not wait any more: {file.get_state_display().lower()}.")
    _decide(file, AchReturnFile.State.DROPPED, by, now)


def _written_anew(rows: list[AchReturnRow]) -> bool:
    changed = []
    for row, verdict in zip(rows, verdicts([said_by(row) for row in rows]), strict=True):
        if (row.verdict, row.entry_id) != (verdict.word, verdict.entry.pk if verdict.entry else None):
            for name, value in fields_of(verdict).items():
                setattr(row, name, value)
            changed.append(row)
    AchReturnRow.objects.bulk_update(changed, ["entry", "verdict", "problem"])
    return bool(changed)


def _record(row: AchReturnRow, entry: AchEntry, by: User, now: datetime) -> None:
    if entry.attempt is not None:
        record_bank_notice(payout_id=entry.attempt.payout_id, code=row.code, account=row.file.account, by=by, now=now)
        return
    note_prenote(entry_id=entry.pk, code=row.code, by=by, now=now)


def _decide(file: AchReturnFile, state: AchReturnFile.State, by: User, now: datetime) -> None:
    file.state, file.decided_by, file.decided_at = state, by, now
    file.save(update_fields=["state", "decided_by", "decided_at"])
