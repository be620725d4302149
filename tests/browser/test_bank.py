"""A bank statement on the desk with nothing but a keyboard, on a phone and on a desktop."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.demo.ground import Staff
from partners.models import BankAccount, ColumnProfile, Match
from people import clock
from people.queries import local_day
from tests.browser.person import Person
from tests.browser.test_month_close import press_by_keyboard
from tests.browser.worker import Worker
from tests.partners.bank.stripe import paid_out

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def green_books() -> None:
    """Stripe's payouts are laid here as rows, without the balance transactions that the books would ask for."""


@pytest.mark.parametrize("phone", [True, False])
def test_a_statement_is_imported_and_its_lines_explained(
    person: Any, team: list[Staff], worker: Worker, tmp_path: Path, phone: bool
) -> None:
    today = local_day(clock.now())
    day = today - timedelta(days=3)
    account = BankAccount.objects.get()
    ColumnProfile.objects.create(account=account, name="Online banking")
    for number, amount in enumerate((80_060, 45_000, 12_345), start=1):
        paid_out(f"po_1QxBank{number:04}", amount, day, trace=f"0910000{number:05}")
    rows = [
        f"{day},STRIPE TRANSFER 091000000001,800.60",
        f"{day},STRIPE TRANSFER,450.00",
        f"{day},STRIPE TRANSFER 091000000003,123.44",
        f"{day},Monthly account fee,-12.00",
        f"{day},Interest paid,0.31",
    ]
    file = tmp_path / "operating-account-october.csv"
    file.write_text("\r\n".join(["Date,Description,Amount", *rows, ""]))
    petra: Person = person(phone=phone)
    petra.sign_in(team[0].email, team[0])

    petra.go("/desk/bank/")
    petra.look("bank-empty")
    petra.page.get_by_label("Statement file").set_input_files(file)
    press_by_keyboard(petra, "Check the file")
    petra.reads("5 new lines")
    petra.look("bank-file")
    press_by_keyboard(petra, "Import 5 lines")
    petra.reads("Imported 5 lines")
    petra.look("bank-file-imported")

    petra.go("/desk/bank/")
    petra.reads("A line of another amount than its payout")
    petra.look("bank")
    petra.go("/desk/bank/lines/?state=open")
    petra.look("bank-lines")
    press_by_keyboard(petra, "Monthly account fee")
    petra.reads("It is the bank's own")
    petra.look("bank-line")
    press_by_keyboard(petra, "Propose a fee or interest")
    petra.reads("Proposed.")
    press_by_keyboard(petra, "Confirm this match")
    petra.reads("confirmed and in the books")
    petra.go(f"/desk/bank/matches/{Match.objects.latest('id').pk}/")
    petra.look("bank-match")
    for path, name in (
        ("/desk/bank/matches/?state=all", "bank-matches"),
        ("/desk/bank/rules/", "bank-rules"),
        ("/desk/bank/three-way/", "bank-three-way"),
        (f"/desk/bank/payouts/{day:%Y%m}/", "bank-payouts"),
        (f"/desk/bank/accounts/{account.pk}/", "bank-account"),
        (f"/desk/bank/accounts/{account.pk}/columns/", "bank-columns"),
    ):
        petra.go(path)
        petra.look(name)
    assert Match.objects.filter(state="confirmed").count() == 3
