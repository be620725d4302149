"""Months that wait for a second person, in the desk's words."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils.formats import date_format

from people.desk import DeskTask
from people.queries import days_of

SUBJECTS: Final = r"^ledger:(close|reopen):[0-9]{6}$"


def decision(subject: str, *, asked_by: str, asked_by_id: int, since: datetime) -> DeskTask:
    """The question whether a month is closed or reopened, for everybody but who asked it."""
    _, verb, month = subject.split(":")
    title = f"{verb.capitalize()} {date_format(days_of(int(month))[0], 'F Y')}"
    href = reverse("months:month", args=[int(month)])
    return DeskTask(title, f"{asked_by} asks", since, href, ("finance approver",), asked_by_id=asked_by_id)
