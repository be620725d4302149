"""A manual entry that waits says something else now; whoever read it before has to read it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from ledger.manual_entries import Content, NotWaiting
from ledger.models import ManualEntry
from ledger.operations.propose_manual_entry import File, put_forward
from people.models import User


@transaction.atomic
def edit_manual_entry(
    *, manual_entry_id: int, content: Content, by: User, now: datetime, files: Sequence[File] = ()
) -> ManualEntry:
    """Replace the content of an entry that is not posted, and add documents to it; it waits for approval anew.

    A refused entry can be put right so too. An approval of the earlier content is refused from here on, and nobody who
    wrote any of its versions may approve. Raises NotWaiting once it is posted, and what `propose_manual_entry` raises.
    """
    row = ManualEntry.objects.select_for_update().get(pk=manual_entry_id)
    if row.entry_id is not None:
        raise NotWaiting(f"{row.ref} is in the books: correct it by another entry.")
    return put_forward(row, content, files, by=by, now=now)
