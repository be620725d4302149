"""Long lists in pages, without counting millions of rows to say how many pages there are."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

COUNTED_MAX: Final = 10_000


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts and shows at most the first COUNTED_MAX rows; what lies behind them is found by a filter."""

    @cached_property
    def counted(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[: COUNTED_MAX + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self.counted, COUNTED_MAX)

    @property
    def has_more(self) -> bool:
        return self.counted > COUNTED_MAX


def page_of(request: HttpRequest, rows: QuerySet[Any], per_page: int = 50) -> Page[Any]:
    """The page that the address asks for by `page`; the nearest one for a number that is none or too large."""
    return CappedPaginator(rows, per_page).get_page(request.GET.get("page"))
