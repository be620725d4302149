"""Bank files at the desk's door: a bad one gives one sentence and imports nothing (rules/reliability.md rows 58-60)."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ledger.models import Entry
from partners.models import BankAccount, BankLine, BankStatement, StatementFile
from partners.operations.work_statements import work_through
from people.models import User
from tests.partners.bank import files
from tests.partners.conftest import NOW
from tests.partners.test_desk import signed_in, today, words  # noqa: F401

pytestmark = pytest.mark.django_db
HEAD = "Date,Description,Amount\n"
OFX = files.ofx(("20261001", "-5.00", "A1", "Fee"), ("20261002", "-9.00", "A2", "Rent"))
DOCTYPE = b'<!DOCTYPE OFX [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>'


@pytest.fixture
def desk(checking: BankAccount, ana: User) -> Client:
    return signed_in(ana)


def send(desk: Client, content: bytes, name: str = "october.csv") -> Any:
    file = SimpleUploadedFile(name, content)
    return desk.post("/desk/bank/upload/", {"account": BankAccount.objects.get().pk, "file": file}, follow=True)


def accept(desk: Client) -> Any:
    return desk.post(f"/desk/bank/files/{StatementFile.objects.latest('pk').pk}/accept/", follow=True)


def nothing_came_in() -> bool:
    return not (BankStatement.objects.exists() or BankLine.objects.exists() or Entry.objects.exists())


BAD = {
    "empty": (b"", "The file is empty."),
    "blank": (b" \r\n\r\n", "The file is empty."),
    "other columns": (b"Day,Text,Sum\n2026-10-01,x,5\n", "The file has no column “Date”."),
    "a column is missing": (b"Date,Amount\n2026-10-01,5\n", "The file has no column “Description”."),
    "a column twice": (b"Date,Description,Amount,Amount\n2026-10-01,x,5,6\n", "“Amount” is there 2 times"),
    "no rows": (HEAD.encode(), "The file has no rows below its header."),
    "no text": (HEAD.encode() + b"2026-10-01,\0,5\n", "The file is not text."),
    "quote never closed": ((HEAD + '2026-10-01,"never closed,5\n').encode(), "Line 2 of the file is not CSV."),
    "a million rows": (HEAD.encode() + b"\n" * 1_000_000, "more than 400,000 lines"),
    "too large": (b"x" * 32_000_001, "The file is larger than 32 MB. Export a shorter period."),
    "a PDF": (b"%PDF-1.7\n" + HEAD.encode() + b"2026-10-01,x,5\n", "a PDF"),
    "a zip": (b"PK\x03\x04" + b"\0" * 500, "a spreadsheet or a zip archive"),
    "gzip": (b"\x1f\x8b" + b"\0" * 500, "a gzip archive"),
    "a web page": (b"<!doctype html><p>Session expired", "no bank statement"),
    "OFX, cut off": (OFX[: len(OFX) // 2], "<"),
    "OFX with entities": (OFX.replace(b"<OFX>", DOCTYPE + b"<OFX>"), "document type or entities"),
    "CAMT with entities": (
        files.camt053([]).replace(b"<Document", DOCTYPE + b"<Document"),
        "document type or entities",
    ),
    "another account": (files.ofx(("20261001", "1.00", "A", "x"), account="99998888"), "8888"),
    "another currency": (OFX.replace(b"USD", b"EUR"), "EUR"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_file_gives_one_readable_error_and_imports_nothing(desk: Client, name: str) -> None:
    content, sentence = BAD[name]

    answer = send(desk, content)

    if answer.status_code == 400:
        (errors,) = answer.context["form"].errors.values()
        assert len(errors) == 1
        problem = errors[0]
    else:  # a larger one waits for a worker, and its own page says so
        work_through(file_id=StatementFile.objects.get().pk, now=NOW)
        problem = StatementFile.objects.get().problem
        assert problem in html.unescape(words(desk.get(answer.redirect_chain[-1][0])))
    assert sentence in problem
    assert not re.search(r"Error|Exception|Traceback", problem)
    assert nothing_came_in()


ROWS = {
    "US date": ("10/31/2026,Fee,-5", "“10/31/2026” is not a date such as 2026-12-31"),
    "EU date": ("31.10.2026,Fee,-5", "“31.10.2026” is not a date such as 2026-12-31"),
    "no amount": ("2026-10-01,Fee,five", "“five” is not an amount"),
    "half a cent": ("2026-10-01,Fee,-5.005", "-5.005"),
    "a column too few": ("2026-10-01,Fee", "This row has 2 columns, the header 3."),
    "a column too many": ("2026-10-01,Fee,-5,x", "This row has 4 columns, the header 3."),
    "a day that is none": ("2026-02-30,Fee,-5", "2026-02-30"),
    "tomorrow": ("2026-10-22,Fee,-5", "2026-10-22"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_that_cannot_be_read_is_named_and_stops_the_whole_file(desk: Client, name: str) -> None:
    row, sentence = ROWS[name]

    page = words(send(desk, f"{HEAD}2026-10-01,Fine,-7\n{row}\n".encode()))
    refused = words(accept(desk))

    assert sentence in page
    assert re.search(r">\s*3\s*<", page)  # the line of the file
    assert "1 of the rows cannot be read" in refused
    assert nothing_came_in()


GOOD = {
    "byte order mark": ("utf-8-sig", HEAD),
    "UTF-16": ("utf-16", HEAD),
    "Windows-1252": ("cp1252", HEAD),
    "CRLF": ("utf-8", HEAD.replace("\n", "\r\n")),
    "semicolons": ("utf-8", HEAD.replace(",", ";")),
    "an extra column": ("utf-8", HEAD.replace(",Amount", ",Amount,Branch")),
}


@pytest.mark.parametrize("name", GOOD)
def test_whatever_shape_a_bank_gives_it_the_lines_come_in(desk: Client, name: str) -> None:
    encoding, head = GOOD[name]
    end, mark = "\r\n" if "\r" in head else "\n", ";" if ";" in head else ","
    more = f"{mark}KC" if "Branch" in head else ""
    rows = [["2026-10-01", "Café fee", f"-5.00{more}"], ["2026-10-02", f'"Two{end}lines"', f"9.00{more}"]]

    send(desk, (head + "".join(mark.join(row) + end for row in rows)).encode(encoding))
    accept(desk)

    lines = BankLine.objects.order_by("booked_on").values_list("amount_minor", "description")
    assert list(lines) == [(-500, "Café fee"), (900, "Two lines")]


def test_the_same_file_twice_is_refused_and_an_overlap_keeps_each_line_once(desk: Client) -> None:
    first = f"{HEAD}2026-10-01,Fee,-5\n2026-10-02,Rent,-900\n".encode()
    send(desk, first)
    accept(desk)

    again = send(desk, first)
    assert again.status_code == 400
    assert "This file was imported before." in words(again)
    send(desk, f"{HEAD}2026-10-02,Rent,-900\n2026-10-03,Fee,-5\n".encode(), "next.csv")
    accept(desk)

    assert (BankStatement.objects.count(), BankLine.objects.count()) == (2, 3)


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/october.csv", "C:\\bank\\october.csv", "/etc/october.csv", "..\\..\\october.csv"]
)
def test_the_name_of_a_file_is_a_word_and_never_a_path(desk: Client, name: str) -> None:
    account = BankAccount.objects.get().pk
    body = (
        f'--x\r\nContent-Disposition: form-data; name="account"\r\n\r\n{account}\r\n'
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
        f"{HEAD}2026-10-01,Fee,-5\n\r\n--x--\r\n"
    )

    desk.generic("POST", "/desk/bank/upload/", body, content_type="multipart/form-data; boundary=x")

    assert StatementFile.objects.get().file_name == "october.csv"


@pytest.mark.parametrize("name", ["", "x" * 400 + ".csv", "<script>alert(1)</script>.csv", "café\u202e.csv"])
def test_odd_names_do_no_harm(desk: Client, name: str) -> None:
    page = send(desk, f"{HEAD}2026-10-01,Fee,-5\n".encode(), name or "x")

    assert page.status_code == 200
    assert "<script>alert(1)" not in page.content.decode()
