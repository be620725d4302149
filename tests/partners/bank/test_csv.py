from __future__ import annotations

from datetime import date

import pytest

from partners.bank import readers
from partners.bank.readers import BadRow, NotReadable, Reading, Row
from partners.bank.readers.csv_columns import Columns
from partners.bank.readers.text import BYTES_MAX

TODAY = date(2026, 10, 20)
HEAD = "Date,Description,Amount\n"


def read(content: bytes | str, *columns: Columns, currency: str = "usd", **kwargs: str) -> Reading:
    raw = content.encode() if isinstance(content, str) else content
    return readers.read(raw, currency=currency, columns=columns, today=TODAY, **kwargs)


def only(cell: str, columns: Columns | None = None, day: str = "2026-10-01", currency: str = "usd") -> Row | BadRow:
    content = f'{HEAD}{day},x,"{cell}"\n'
    (row,) = read(content, *([columns] if columns else []), currency=currency).rows
    return row


def figures(reading: Reading) -> list[tuple[str, int]]:
    return [(row.description, row.amount_minor) for row in reading.rows if isinstance(row, Row)]


@pytest.mark.parametrize(
    ("cell", "amount_minor"),
    [
        ("-43.20", -4320),
        ("1,250.5", 125050),
        ("(7.00)", -700),
        ("($7.00)", -700),
        ("$12", 1200),
        ("-$1,000,000.01", -100000001),
        ("$-5", -500),
        ("5.00-", -500),
        ("+5.00", 500),
        ("−5.00", -500),
        ("5.00 DR", -500),
        ("5.00CR", 500),
        ("1 250.50", 125050),
        ("1'250.50", 125050),
        ("0.01", 1),
        (".5", 50),
        ("1.230", 123),
    ],
)
def test_amounts_are_read(cell: str, amount_minor: int) -> None:
    row = only(cell)

    assert isinstance(row, Row)
    assert row.amount_minor == amount_minor


@pytest.mark.parametrize(
    "cell",
    ["0", "0.00", "1.234", "abc", "", "1,00.00", "--5", "1e3", "٣", "9" * 16, "(-5)", "-5-", "1.250,50", "$", "1,2"],
)
def test_what_is_no_amount_is_refused_with_its_reason(cell: str) -> None:
    row = only(cell)

    assert isinstance(row, BadRow)
    assert row.problem


@pytest.mark.parametrize(
    ("cell", "amount_minor"),
    [("1.250,50", 125050), ("-0,01", -1), ("1 250,5", 125050), ("7", 700), ("1.250", 125000)],
)
def test_a_decimal_comma_is_read_where_the_columns_say_so(cell: str, amount_minor: int) -> None:
    row = only(cell, Columns(decimal_mark=","))

    assert isinstance(row, Row)
    assert row.amount_minor == amount_minor
    assert isinstance(only("1,250.50", Columns(decimal_mark=",")), BadRow)


@pytest.mark.parametrize(("currency", "cell", "minor"), [("jpy", "1250", 1250), ("kwd", "1.250", 1250)])
def test_other_currencies_have_other_decimals(currency: str, cell: str, minor: int) -> None:
    row = only(cell, currency=currency)

    assert isinstance(row, Row)
    assert row.amount_minor == minor
    assert isinstance(only("1.5", currency="jpy"), BadRow)


@pytest.mark.parametrize("day", ["10/01/2026", "2026-02-30", "", "2026-10-22", "0001-01-01"])
def test_what_is_no_day_so_far_is_refused(day: str) -> None:
    assert isinstance(only("5", day=day), BadRow)


def test_money_out_above_zero_is_turned_round() -> None:
    assert figures(read(HEAD + "2026-10-01,Card,5\n", Columns(is_flipped=True))) == [("Card", -500)]


def test_debit_and_credit_have_columns_of_their_own() -> None:
    columns = Columns(amount="", debit="Debit", credit="Credit", description=("Payee", "Memo"))
    text = "Date,Payee,Memo,Debit,Credit\n2026-10-01,A,a,5.00,\n2026-10-02,B,,-6.00,\n2026-10-03,C,C,,7.00\n"
    text += "2026-10-04,D,,1,2\n"

    reading = read(text, columns)

    assert figures(reading) == [("A a", -500), ("B", -600), ("C", 700)]
    assert isinstance(reading.rows[3], BadRow)


def test_ids_references_and_value_dates_are_kept() -> None:
    columns = Columns(bank_ref="Id", reference="Check", value_on="Value")
    (row,) = read("Date,Value,Description,Amount,Id,Check\n2026-10-01,2026-10-02,Fee,-5,TX9,1042\n", columns).rows

    assert isinstance(row, Row)
    assert (row.bank_ref, row.reference, row.value_on) == ("TX9", "1042", date(2026, 10, 2))


# Days are never guessed


def test_days_are_read_in_the_only_form_that_fits_them_all() -> None:
    reading = read("Date,Description,Amount\n03/04/2026,a,1\n13/04/2026,b,1\n", Columns(date_format=""))

    assert [row.booked_on for row in reading.rows if isinstance(row, Row)] == [date(2026, 4, 3), date(2026, 4, 13)]


@pytest.mark.parametrize("days", [["03/04/2026"], ["03/04/2026", "05/06/2026"]])
def test_days_that_can_be_read_in_two_ways_are_refused(days: list[str]) -> None:
    with pytest.raises(NotReadable, match="two ways"):
        read(HEAD + "".join(f"{day},a,1\n" for day in days), Columns(date_format=""))


def test_the_same_day_and_month_is_no_doubt() -> None:
    assert figures(read(HEAD + "04/04/2026,a,1\n", Columns(date_format=""))) == [("a", 100)]


# Bytes and shapes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str) -> None:
    text = end.join(["Date,Description,Amount", "2026-10-01,Café Zoë,-5.00", "2026-10-02,Fee,-1.00", ""])

    assert figures(read(text.encode(encoding))) == [("Café Zoë", -500), ("Fee", -100)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    rows = [["Date", "Description", "Amount"], ["2026-10-01", '"a; b, c\nd"', "-5"]]

    assert figures(read("\n".join(delimiter.join(row) for row in rows))) == [("a; b, c d", -500)]


def test_lines_above_the_header_and_empty_lines_are_passed_over() -> None:
    text = f"Account;000111234\nBalance, 5\n\n{HEAD}\n2026-10-01,Fee,-5\n\n,,\n"

    reading = read(text)

    assert figures(reading) == [("Fee", -500)]
    assert reading.rows[0].number == 6


def test_a_line_of_an_error_is_the_line_of_the_file() -> None:
    reading = read(f'{HEAD}2026-10-01,"two\nlines",5\n2026-10-01,x,abc\n')

    assert [row.number for row in reading.rows if isinstance(row, BadRow)] == [4]


def test_rows_of_another_width_are_refused() -> None:
    reading = read(f"{HEAD}2026-10-01,a,5,extra\n2026-10-01,b\n2026-10-01,c,5\n")

    assert [type(row) for row in reading.rows] == [BadRow, BadRow, Row]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"Day,Text,Sum\n2026-10-01,x,5\n", "no column “Date”"),
        (b"Date,Amount\n2026-10-01,5\n", "no column “Description”"),
        (b"Date,Description,Amount,Amount\n2026-10-01,x,5,6\n", "“Amount” is there 2 times"),
        (HEAD.encode(), "no rows"),
        (b"Date,Description,Amount\n2026-10-01,\0,5\n", "not text"),
        (b'Date,Description,Amount\n2026-10-01,"never closed,5\n', "Line 2 of the file is not CSV"),
        (b"x" * (BYTES_MAX + 1), "larger than 32 MB"),
        (b"\n" * 900_000, "more than 400,000 lines"),
        (b"%PDF-1.7 x", "a PDF"),
        (b"PK\x03\x04 x", "a spreadsheet or a zip"),
        (b"\xd0\xcf\x11\xe0 x", "an old Excel"),
        (b"<!doctype html><p>Session expired", "no bank statement"),
        (b"!Type:Bank\nD10/01/26\n", "no bank statement"),
        (b'{"error": 1}', "no bank statement"),
    ],
)
def test_what_is_no_statement_is_refused_whole_and_says_why(content: bytes, words: str) -> None:
    with pytest.raises(NotReadable, match=words):
        read(content)


# A running balance

BALANCE = Columns(balance="Balance")


@pytest.mark.parametrize("order", [1, -1])
def test_a_running_balance_gives_opening_and_closing_in_either_order(order: int) -> None:
    rows = ["2026-10-01,a,-5.00,95.00", "2026-10-02,b,10.00,105.00", "2026-10-02,c,-1.00,104.00"][::order]

    reading = read("\n".join(["Date,Description,Amount,Balance", *rows]), BALANCE)

    assert (reading.opening_minor, reading.closing_minor) == (10000, 10400)
    assert [text for text, _ in figures(reading)] == ["a", "b", "c"]


def test_a_balance_that_does_not_follow_names_its_line() -> None:
    rows = ["2026-10-01,a,-5.00,95.00", "2026-10-02,b,10.00,105.00", "2026-10-02,c,-1.00,103.00"]

    with pytest.raises(NotReadable, match=r"Line 4: the balance \$103.00 does not follow"):
        read("\n".join(["Date,Description,Amount,Balance", *rows]), BALANCE)
