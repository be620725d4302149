"""The changes that the ledger's rows tell: months, entries by hand, exceptions."""

from __future__ import annotations

import re
from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils.formats import date_format

from ledger.models import (
    ExceptionEvent,
    ManualEntryEdit,
    MonthWork,
    PeriodEvent,
    ReconciliationException,
    TrialBalanceExport,
)
from people.history import Change, labelled
from people.queries import days_of
from people.sources import Source

MONTH: Final = re.compile(r"(month|ledger:close|ledger:reopen):[0-9]{6}")

CHANGES: Final = (
    Change(
        "Months",
        PeriodEvent.objects.all,
        F("at"),
        F("by"),
        Concat(Value("month:"), "period_id"),
        F("kind"),
        F("approval__reason"),
    ),
    Change(
        "Months",
        TrialBalanceExport.objects.all,
        F("at"),
        F("by"),
        Concat(Value("month:"), "period_id"),
        Value("trial balance exported"),
    ),
    Change(
        "Months",
        MonthWork.objects.all,
        F("asked_at"),
        F("asked_by"),
        Concat(Value("month:"), "period_id"),
        labelled("kind", ((MonthWork.Kind.CHECK, "checks asked for"), (MonthWork.Kind.CLOSE, "closing asked for"))),
    ),
    Change(
        "Entries by hand",
        ManualEntryEdit.objects.all,
        F("at"),
        F("by"),
        Concat(Value("manual:"), "manual_entry_id"),
        Value("written"),
    ),
    Change(
        "Exceptions",
        ExceptionEvent.objects.all,
        F("at"),
        F("by"),
        Concat(Value("exception:"), "exception_id"),
        F("kind"),
        F("note__words"),
    ),
)


def describe_exceptions(refs: list[str]) -> dict[str, Source]:
    """What "exception:7" does not add up, with its page."""
    numbers = {int(number): ref for ref in refs if (number := ref.partition(":")[2]).isdecimal()}
    rows = ReconciliationException.objects.filter(pk__in=numbers)
    return {numbers[row.pk]: Source(row.words, reverse("ledger_desk:exception", args=[row.pk])) for row in rows}


def describe_months(refs: list[str]) -> dict[str, Source]:
    """ "October 2026" for month:202610 and for what two persons decide about it (ledger:close:202610). No query."""
    found = {}
    for ref in refs:
        number = ref.rpartition(":")[2]
        if MONTH.fullmatch(ref):
            name = date_format(days_of(int(number))[0], "F Y")
            found[ref] = Source(name, reverse("months:month", args=[int(number)]))
    return found
