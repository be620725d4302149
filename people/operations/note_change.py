"""A setting that is changed outside the console stands in the same log as the console's own changes."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.db.models import Model

from people.models import User


def note_change(*, row: Model, fields: Sequence[str], by: User, is_new: bool) -> None:
    """Log who added or changed `row`, and which `fields`; what they hold is not logged."""
    said = [{"added": {}}] if is_new else [{"changed": {"fields": list(fields)}}]
    rows = type(row)._default_manager.filter(pk=row.pk)
    LogEntry.objects.log_actions(by.pk, rows, ADDITION if is_new else CHANGE, said, single_object=True)
