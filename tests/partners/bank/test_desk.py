"""The bank's pages: what each shows, few queries, and a person's steps through them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from partners.models import BankAccount, BankLine, ColumnProfile, LearnedRule, Match, StatementFile
from partners.operations.choose_match import explain_line
from partners.operations.upload_statement import upload_statement
from people.models import User
from tests.partners.bank.stripe import paid_out
from tests.partners.conftest import NOW
from tests.partners.test_desk import QUERIES_MAX, signed_in, today, upload, words  # noqa: F401
from tests.partners.test_payouts import statement

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(checking: BankAccount, ana: User) -> BankAccount:
    """Confirmed, proposed and unknown lines, a learned rule, a saved layout, a file that waits."""
    ColumnProfile.objects.create(account=checking, name="Export")
    rows = []
    for number in range(1, 9):
        day = date(2026, 9, 1) + timedelta(days=3 * number)
        paid_out(f"po_{number}", 1000 + number, day, trace=f"TRACE{number:05}")
        rows.append(f"{day},STRIPE TRACE{number:05},{(1000 + number) / 100:.2f}")
    paid_out("po_9", 77700, date(2026, 10, 16))
    rows += ["2026-10-16,ACH CREDIT,777.00", *(f"2026-10-1{n},Unknown {n},-{n}.50" for n in range(1, 9))]
    statement(checking, ana, *rows, "2026-10-19,Monthly fee,-12.00")
    fee = checking.lines.get(amount_minor=-1200)
    explain_line(line_id=fee.pk, purpose="bank_fees", always=True, by=ana, now=NOW)
    upload_statement(account=checking, file_name="next.csv", content=b"Date,Description,Amount\n", by=ana, now=NOW)
    return checking


def test_every_page_stays_at_a_few_queries_and_is_read_without_change(
    busy: BankAccount, ana: User, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(ana)
    confirmed = Match.objects.filter(state="confirmed").first()
    assert confirmed is not None
    pages = [
        "/desk/bank/",
        "/desk/bank/three-way/",
        f"/desk/bank/accounts/{busy.pk}/",
        f"/desk/bank/accounts/{busy.pk}/columns/",
        f"/desk/bank/columns/{busy.profiles.get().pk}/",
        "/desk/bank/lines/",
        "/desk/bank/lines/?state=open&text=unknown",
        f"/desk/bank/lines/{busy.lines.get(amount_minor=-150).pk}/",
        f"/desk/bank/lines/{busy.lines.get(amount_minor=77700).pk}/",
        "/desk/bank/matches/?state=all",
        f"/desk/bank/matches/{confirmed.pk}/",
        "/desk/bank/rules/",
        *(f"/desk/bank/files/{file.pk}/" for file in StatementFile.objects.all()),
    ]
    for page in pages:
        with django_assert_max_num_queries(QUERIES_MAX):
            response = client.get(page)
        assert response.status_code == 200, page
        assert "None" not in words(response), page


def test_the_bank_page_says_what_waits(busy: BankAccount, ana: User) -> None:
    page = words(signed_in(ana).get("/desk/bank/"))

    assert "Are these the same?" in page
    assert "po_9" in page
    assert "A line that nothing explains" in page
    assert "next.csv" in page
    assert "known up to 19 October 2026" in page


def test_a_line_is_explained_step_by_step(checking: BankAccount, ana: User) -> None:
    payout = paid_out("po_1", 8006, date(2026, 9, 1))
    statement(checking, ana, "2026-10-15,WIRE LESS FEE,65.06")
    client, line = signed_in(ana), BankLine.objects.get()
    page = f"/desk/bank/lines/{line.pk}/"
    assert "the line is off by -$15.00" in words(client.get(page))

    refused = client.post(f"{page}match/", {"choice": f"stripe:{payout.pk}"})
    assert refused.status_code == 400
    assert "The amounts differ" in words(refused)
    assert f'value="stripe:{payout.pk}" checked' in words(refused)

    proposed = client.post(f"{page}match/", {"choice": f"stripe:{payout.pk}", "rest": "bank_fees"}, follow=True)
    assert "Bank fees" in words(proposed)
    match = Match.objects.get()
    client.post("/desk/bank/matches/confirm/", {"match": match.pk})
    assert "bank:line:" in words(client.get(f"/desk/bank/matches/{match.pk}/"))

    client.post(f"/desk/bank/matches/{match.pk}/undo/", {"reason": "Another wire"})
    after = words(client.get(f"/desk/bank/matches/{match.pk}/"))
    assert "“Another wire”" in after
    assert ":undone" in after


def test_what_a_person_types_of_a_file_is_shown_again(checking: BankAccount, ana: User) -> None:
    file = SimpleUploadedFile("a.csv", b"Date,Description,Amount\n2026-10-01,x,5\n")
    typed = {"account": checking.pk, "file": file, "opening": "12x", "first_on": "2026-10-01"}

    response = signed_in(ana).post("/desk/bank/upload/", typed)

    assert response.status_code == 400
    assert "“12x” is not an amount" in words(response)
    assert 'value="12x"' in words(response)
    assert not StatementFile.objects.exists()


def test_columns_are_saved_and_read_by(checking: BankAccount, ana: User) -> None:
    client = signed_in(ana)
    page = f"/desk/bank/accounts/{checking.pk}/columns/"
    layout = {
        "name": "Web", "date_column": "Posted", "date_format": "%m/%d/%Y", "description_column": "Memo",
        "amount_column": "Value", "debit_column": "Out", "credit_column": "", "decimal_mark": ".",
    }  # fmt: skip
    assert "Leave this empty" in words(client.post(page, layout))

    client.post(page, layout | {"debit_column": ""})
    file = SimpleUploadedFile("a.csv", b"Posted,Memo,Value\n10/01/2026,Fee,-5\n")
    checked = client.post("/desk/bank/upload/", {"account": checking.pk, "file": file}, follow=True)

    assert "Import 1 line" in words(checked)


def test_a_large_file_is_left_to_the_worker_and_says_how_far_it_is(
    checking: BankAccount, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partners.views.bank.SMALL_BYTES", 10)

    page = upload(signed_in(ana), checking, "2026-10-01,Fee,-5")

    assert "The file is being read" in words(page)
    assert '<meta http-equiv="refresh"' in words(page)
    StatementFile.objects.update(rows=1000, rows_done=400)
    assert "400 of 1000 rows" in words(signed_in(ana).get(page.request["PATH_INFO"]))


def test_a_rule_is_stopped(busy: BankAccount, ana: User) -> None:
    client, rule = signed_in(ana), LearnedRule.objects.get()

    client.post(f"/desk/bank/rules/{rule.pk}/stop/")

    assert "Stopped 20 October 2026 by Ana" in words(client.get("/desk/bank/rules/"))


def test_an_auditor_reads_and_does_nothing(busy: BankAccount) -> None:
    from tests.partners.conftest import person

    client = signed_in(person("auditor@tassel.example", "auditor"))

    for page in ("/desk/bank/", f"/desk/bank/lines/{busy.lines.get(amount_minor=-150).pk}/"):
        assert '<form method="post"' not in words(client.get(page)).replace('<form method="post" action="/account', "")
    assert client.post(f"/desk/bank/lines/{busy.lines.first().pk}/explain/").status_code == 403  # type: ignore[union-attr]


def test_who_may_not_confirm_a_match_is_told_so_and_shown_no_button(
    checking: BankAccount, ana: User, ben: User
) -> None:
    statement(checking, ana, "2026-10-15,Wire,-500.00", "2026-10-16,Fee,-5.00")
    pages = []
    for amount in (-50000, -500):
        line = checking.lines.get(amount_minor=amount)
        match = explain_line(line_id=line.pk, purpose="bank_fees", by=ana, now=NOW)
        pages.append(f"/desk/bank/matches/{match.pk}/")

    large, small = (words(signed_in(ana).get(page)) for page in pages)
    assert "another person must confirm this one." in large and "Confirm this match" not in large
    assert "Confirm this match" in small
    assert "Confirm this match" in words(signed_in(ben).get(pages[0]))
