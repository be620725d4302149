"""CSV in any of the shapes that spreadsheets write, and every shape that is none (rules/reliability.md rows 58, 69)."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people.csv_files import NotReadable, Record, read, text_of
from people.money import NotAnAmount, parse_figure

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
TABLE = "Account,Name,Debit\n1010,Bank,12.00\n2110,Partner,3.50\n"


def records(content: bytes, bytes_max: int = 10_000, rows_max: int = 3) -> list[Record]:
    return read(content, required=("account", "debit"), optional=("name",), bytes_max=bytes_max, rows_max=rows_max)


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        b"\xef\xbb\xbf" + TABLE.encode(),
        b"\xff\xfe" + TABLE.encode("utf-16-le"),
        b"\xfe\xff" + TABLE.encode("utf-16-be"),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").encode(),
        TABLE.replace("12.00", '" 12.00 "').replace("\n", "\n\n").encode(),
    ],
)
def test_every_shape_of_one_table_is_one_table(content: bytes) -> None:
    found = records(content)

    assert [dict(record.cells) for record in found] == [
        {"account": "1010", "name": "Bank", "debit": "12.00"},
        {"account": "2110", "name": "Partner", "debit": "3.50"},
    ]
    assert [record.problem for record in found] == ["", ""]


def test_columns_may_stand_in_any_order_and_a_quoted_line_end_is_a_space() -> None:
    [record] = records(b'debit,account,name\n5,1010,"The\nbank"\n')

    assert record == Record(3, {"debit": "5", "account": "1010", "name": "The bank"})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "first line must be the header"),
        (b"\n1010,5\n", "first line must be the header"),
        (b"account,name\n1010,x\n", "no column “debit”"),
        (b"account,debit,debit\n1010,1,2\n", "“debit” twice"),
        (b"account,debit,colour\n1010,1,red\n", "“colour” that is not expected"),
        (b"account,debit\n", "no rows below"),
        (b"account,debit\n1,1\n2,2\n3,3\n4,4\n", "more than 3 rows"),
        ("account,debit,name\n1010,1,José\n".encode("cp1252"), "UTF-8"),
        (b"account,debit\n1010,1\0\n", "not text"),
        (b'account,debit\n1010,"1\n', "Line 2 of the file is not CSV"),
        (b'account,debit\n1010,"1"2\n', "not CSV"),
        (b"account,debit\n" + b"1" * 200_000 + b",1\n", "at most 10,000"),
    ],
)
def test_a_file_that_is_not_this_table_is_refused_by_name(content: bytes, why: str) -> None:
    with pytest.raises(NotReadable, match=why):
        records(content)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("1010", "This row has 1 cells, the header 3."),
        ("1010,Bank,1,2", "This row has 4 cells, the header 3."),
        ("1010,=HYPERLINK(1),1", "name begins with '='"),
        ("1010,+1,1", r"name begins with '\+'"),
        ("1010,@x,1", "name begins with '@'"),
        ("1010,-x,1", "name begins with '-'"),
        (f"1010,{'x' * 2001},1", "name has more than 2,000 characters"),
    ],
)
def test_a_row_that_cannot_be_read_says_why_and_stops_no_other(row: str, why: str) -> None:
    bad, good = records(f"account,name,debit\n{row}\n2110,x,-1.50\n".encode())

    assert bad.number == 2
    assert re.search(why, bad.problem)
    assert (good.problem, good.cells["debit"]) == ("", "-1.50")


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), min_size=1, max_size=4))
def test_what_we_write_runs_nothing_and_comes_back(cells: list[str]) -> None:
    text = text_of([f"c{number}" for number in range(len(cells))], [cells])

    [_, row] = list(csv.reader(io.StringIO(text, newline="")))
    assert row == [f"'{typed}" if typed.startswith(STARTS) else typed for typed in cells]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        records(b"account,debit\n" + content, rows_max=1_000)
    except NotReadable as error:
        assert str(error)


@pytest.mark.parametrize(
    ("typed", "minor"),
    [("0", 0), ("12", 1200), ("1,234.5", 123450), ("0.01", 1), ("99999999999.99", 9_999_999_999_999)],
)
def test_figures_are_exact(typed: str, minor: int) -> None:
    assert parse_figure(typed, "usd") == minor


@pytest.mark.parametrize(
    "typed",
    ["", "1.234,56", "-1", "$5", "1.005", "1e3", "NaN", "１２", "1,23", "100000000000.00", "1 000", ".5", "0x1"],
)
def test_what_is_no_figure_is_refused(typed: str) -> None:
    with pytest.raises(NotAnAmount):
        parse_figure(typed, "usd")
