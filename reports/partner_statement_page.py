"""The printed page of a partner's statement: frozen figures in, HTML and the attached data out."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from people.money_line import Part, segments
from reports.chart import chart
from reports.pdf import File
from reports.statements import Line, Statement


@dataclass(frozen=True, slots=True)
class Sum:
    units: int
    basis_minor: int
    share_minor: int


def html(statement: Statement) -> str:
    """The statement as HTML for reports.pdf.render; depends on nothing but `statement` and the site's address."""
    return render_to_string("reports/partner_statement.html", _context(statement))


def files(statement: Statement) -> tuple[File, ...]:
    """The figures as data: designs and funds, and days, as CSV."""
    return (
        File("designs.csv", "Sales by design and gifts by fund", _designs_csv(statement)),
        File("days.csv", "What each day promised", _days_csv(statement)),
    )


def day_words(day: date) -> str:
    """ "10 August 2027"."""
    return f"{day.day} {day:%B %Y}"


def _context(statement: Statement) -> dict[str, Any]:
    first_day, last_day = date.fromisoformat(statement.first_day), date.fromisoformat(statement.last_day)
    drawn = chart(statement.days, statement.currency)
    parts = _parts(statement)
    return {
        "statement": statement,
        "month_words": f"{first_day:%B %Y}",
        "first_day_words": day_words(first_day),
        "last_day_words": day_words(last_day),
        "figured_on": day_words(date.fromisoformat(statement.figured_on)),
        "goods": _sum(statement.goods),
        "gifts": _sum(statement.gifts),
        "parts": parts,
        "segments": segments(parts),
        "chart": drawn,
        "chart_box_width": drawn.width + 50 if drawn else 0,
        "payments": [
            {"on": day_words(date.fromisoformat(p.paid_on)), "reference": p.reference, "amount_minor": p.amount_minor}
            for p in statement.payments
        ],
        "paid_negative": -statement.paid_minor,
        "verify_address": f"{settings.BASE_URL}{reverse('reports:verify')}",
        "short_hash": statement.content_hash()[:12],
    }


def _parts(statement: Statement) -> list[Part]:
    goods = [Part(line.design, line.share_minor, "partner", note=line.rate) for line in statement.goods]
    return goods + [Part(line.design, line.share_minor, "cover", note=line.rate) for line in statement.gifts]


def _sum(lines: tuple[Line, ...]) -> Sum:
    return Sum(
        sum(line.units for line in lines),
        sum(line.basis_minor for line in lines),
        sum(line.share_minor for line in lines),
    )


def _designs_csv(statement: Statement) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["kind", "name", "rate", "units", "basis_minor", "share_minor", "currency"])
    for kind, lines in (("goods", statement.goods), ("gifts", statement.gifts)):
        for line in lines:
            rows.writerow(
                [kind, line.design, line.rate, line.units, line.basis_minor, line.share_minor, statement.currency]
            )
    return out.getvalue()


def _days_csv(statement: Statement) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["day", "goods_minor", "gifts_minor", "currency"])
    first_day = date.fromisoformat(statement.first_day)
    for day in statement.days:
        rows.writerow(
            [first_day.replace(day=day.day).isoformat(), day.goods_minor, day.gifts_minor, statement.currency]
        )
    return out.getvalue()
