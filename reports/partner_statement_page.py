"""The printed page of a partner's statement: frozen figures in, HTML and the attached data out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string

from people.csv_files import text_of
from people.money import exponent, format_minor
from people.money_line import Kind, Part, segments
from reports.chart import Chart, chart
from reports.figures import Line
from reports.pdf import File
from reports.statements import Statement

PARTS_MAX = 5  # of sales, and again of gifts: more would be stripes


@dataclass(frozen=True, slots=True)
class Sum:
    units: int
    basis_minor: int
    share_minor: int


def html(statement: Statement) -> str:
    """The statement as HTML for reports.pdf.render; depends on nothing but `statement`."""
    return render_to_string("reports/partner_statement.html", _context(statement))


def files(statement: Statement) -> tuple[File, ...]:
    """The figures as data: each table of the pages, and the days of the chart, as CSV."""
    return (
        File("account.csv", "The month in one sum", _account_csv(statement)),
        File("sales-and-gifts.csv", "Sales by design and gifts by fund", _lines_csv(statement)),
        File("days.csv", "What each day promised", _days_csv(statement)),
        File("payments.csv", "What reached the partner's bank", _payments_csv(statement)),
    )


def day_words(day: str) -> str:
    """ "2027-08-10" as "10 August 2027"."""
    at = date.fromisoformat(day)
    return f"{at.day} {at:%B %Y}"


def _context(statement: Statement) -> dict[str, Any]:
    month_words = f"{date.fromisoformat(statement.first_day):%B %Y}"
    drawn = chart(statement.days, statement.currency)
    parts = _parts(statement)
    return {
        "statement": statement,
        "month_words": month_words,
        "first_day_words": day_words(statement.first_day),
        "last_day_words": day_words(statement.last_day),
        "figured_on": day_words(statement.figured_on),
        "tables": [_goods_table(statement), _gifts_table(statement)],
        "parts": parts,
        "segments": segments(parts),
        "line_words": _line_words(parts, statement.currency),
        "chart": drawn,
        "chart_box_width": drawn.width + 60 if drawn else 0,
        "chart_words": _chart_words(drawn, month_words, statement.currency) if drawn else "",
        "payments": [
            {"on": day_words(p.paid_on), "reference": p.reference, "amount_minor": p.amount_minor}
            for p in statement.payments
        ],
        "paid_negative": -statement.paid_minor,
        "anchor": f"{statement.through_seq}:{statement.sealed_hash}",
        "taken_back_negative": -statement.taken_back_minor,
        "short_hash": statement.content_hash()[:12],
    }


def _goods_table(statement: Statement) -> dict[str, Any]:
    return {
        "heading": "Sales by design",
        "thing": "Design",
        "units": "Units",
        "all": "All designs",
        "lines": statement.goods,
        "sum": _sum(statement.goods),
        "nothing": f"Nothing with a promise to {statement.partner} was sold this month.",
    }


def _gifts_table(statement: Statement) -> dict[str, Any]:
    return {
        "heading": "Gifts",
        "thing": "Fund",
        "units": "Gifts",
        "all": "All gifts",
        "lines": statement.gifts,
        "sum": _sum(statement.gifts),
        "nothing": f"No gift with a promise to {statement.partner} was made this month.",
    }


def _parts(statement: Statement) -> list[Part]:
    """The money line: where the month's promises came from, sales and then gifts, the largest by name."""
    return _largest(statement.goods, "promised", "other designs") + _largest(statement.gifts, "cover", "other funds")


def _largest(lines: Sequence[Line], kind: Kind, others: str) -> list[Part]:
    ranked = sorted((line for line in lines if line.share_minor), key=lambda line: -line.share_minor)
    named = len(ranked) if len(ranked) <= PARTS_MAX else PARTS_MAX - 1
    parts = [Part(line.design, line.share_minor, kind, note=line.rate) for line in ranked[:named]]
    if rest := ranked[named:]:
        parts.append(Part(f"{len(rest)} {others}", sum(line.share_minor for line in rest), kind))
    return parts


def _line_words(parts: Sequence[Part], currency: str) -> str:
    shares = ", ".join(f"{part.label} {format_minor(part.amount_minor, currency)}" for part in parts)
    return f"Where the promised money came from: {shares}."


def _chart_words(drawn: Chart, month_words: str, currency: str) -> str:
    highest = format_minor(drawn.highest_minor, currency)
    return (
        f"Bars for what each day of {month_words} promised; the most, {highest}, on day {drawn.highest_day}."
        " Every day's figures are in the attached file days.csv."
    )


def _sum(lines: Iterable[Line]) -> Sum:
    lines = tuple(lines)
    return Sum(
        sum(line.units for line in lines),
        sum(line.basis_minor for line in lines),
        sum(line.share_minor for line in lines),
    )


def _account_csv(statement: Statement) -> str:
    steps = (
        ("opening", statement.opening_minor),
        ("promised", statement.accrued_minor),
        ("taken back", -statement.taken_back_minor),
        ("paid", -statement.paid_minor),
        ("other", statement.other_minor),
        ("closing", statement.closing_minor),
    )
    rows = [(step, _amount(amount_minor, statement), statement.currency) for step, amount_minor in steps]
    return text_of(("step", "amount", "currency"), rows)


def _lines_csv(statement: Statement) -> str:
    rows = [
        (
            kind,
            line.design,
            line.rate,
            line.units,
            _amount(line.basis_minor, statement),
            _amount(line.share_minor, statement),
            statement.currency,
        )
        for kind, lines in (("sale", statement.goods), ("gift", statement.gifts))
        for line in lines
    ]
    return text_of(("kind", "name", "share_of_basis", "units", "basis", "promised", "currency"), rows)


def _days_csv(statement: Statement) -> str:
    month = date.fromisoformat(statement.first_day)
    rows = [
        (
            month.replace(day=day.day).isoformat(),
            _amount(day.goods_minor, statement),
            _amount(day.gifts_minor, statement),
            statement.currency,
        )
        for day in statement.days
    ]
    return text_of(("day", "promised_by_sales", "promised_by_gifts", "currency"), rows)


def _payments_csv(statement: Statement) -> str:
    rows = [
        (p.paid_on, p.reference, _amount(p.amount_minor, statement), statement.currency) for p in statement.payments
    ]
    return text_of(("reached_the_bank_on", "reference", "amount", "currency"), rows)


def _amount(amount_minor: int, statement: Statement) -> Decimal:
    """960 as 9.60: what a spreadsheet adds up, exact."""
    return Decimal(amount_minor).scaleb(-exponent(statement.currency))
