"""Reads that every package needs: the organisation and its calendar."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time

from django.db.models import DateField, DateTimeField, Func, Subquery, Value
from django.db.models.functions import Cast

from people.models import Organisation, User
from people.sources import Source

_MONTH = re.compile(r"(?:19|20|21)\d\d-(?:0[1-9]|1[0-2])", re.ASCII)


def organisation() -> Organisation:
    """The organisation of this deployment; raises Organisation.DoesNotExist before `manage.py prepare`."""
    return Organisation.objects.get(pk=1)


def local_day(at: datetime, org: Organisation | None = None) -> date:
    """The day on which `at` (aware) falls in the organisation's zone."""
    return at.astimezone((org or organisation()).zone).date()


def books_begin_at(org: Organisation | None = None) -> datetime | None:
    """The moment with which the books begin, in UTC; None where nothing went before them (docs/going-live.md)."""
    org = org or organisation()
    if org.books_begin_on is None:
        return None
    return datetime.combine(org.books_begin_on, time.min, tzinfo=org.zone).astimezone(UTC)


def local_day_of(at: datetime) -> Cast:
    """The day of `at` (aware) in the organisation's zone, as an expression: a query need not ask for the zone first."""
    zone_name = Subquery(Organisation.objects.filter(pk=1).values("zone_name"))
    moment = Value(at, output_field=DateTimeField())
    return Cast(Func(zone_name, moment, function="timezone", output_field=DateTimeField()), DateField())


def month_bounds(month: str) -> tuple[date, date]:
    """First and last day of a month written as "2026-10"; raises ValueError for anything else."""
    if not _MONTH.fullmatch(month):
        raise ValueError(f"no month: {month!r}")
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def days_of(yyyymm: int) -> tuple[date, date]:
    """First and last day of a month as the ledger names it, such as 202610."""
    return month_bounds(f"{yyyymm // 100:04}-{yyyymm % 100:02}")


def describe_users(refs: list[str]) -> dict[str, Source]:
    """Who did something, for staff: "user:3" by name. Who is not here any more stays a number."""
    ids = [int(number) for ref in refs if (number := ref.partition(":")[2]).isdecimal()]
    return {f"user:{user.pk}": Source(str(user)) for user in User.objects.filter(pk__in=ids)}
