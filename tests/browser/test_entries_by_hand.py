"""An entry by hand from a bank's line into the books and back to the line, on a phone and on a desktop."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.demo.ground import Staff
from ledger.models import Entry, ManualEntry
from partners.models import BankAccount, Match
from partners.operations.import_statement import import_statement
from people import clock
from people.models import User
from people.queries import local_day
from tests.browser.person import Person
from tests.browser.test_month_close import press_by_keyboard
from tests.browser.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("phone", [True, False])
def test_a_line_that_no_rule_knows_is_booked_by_two_people(
    person: Any, team: list[Staff], worker: Worker, tmp_path: Path, phone: bool
) -> None:
    petra, anton = (person(phone=phone) for _ in range(2))
    day = local_day(clock.now()) - timedelta(days=3)
    account = BankAccount.objects.get()
    content = f"Date,Description,Amount\n{day},Rent of the studio,-900.00\n".encode()
    by = User.objects.get(email=team[0].email)
    import_statement(account=account, file_name="a.csv", content=content, by=by, now=clock.now())
    document = tmp_path / "rent.pdf"
    document.write_bytes(b"%PDF-1.7 rent")

    write(petra, team[0], document)
    decide(anton, team[1])
    name_it(petra, anton)

    assert Match.objects.get().state == "confirmed"
    assert ManualEntry.objects.get().entry == Entry.objects.get()


def write(petra: Person, staff: Staff, document: Path) -> None:
    petra.sign_in(staff.email, staff)
    petra.go("/desk/by-hand/")
    petra.look("by-hand-empty")
    petra.go("/desk/bank/lines/?state=open")
    petra.follow("Rent of the studio")
    petra.look("by-hand-line")
    petra.follow("Write an entry for this line")
    petra.page.get_by_label("Account").nth(1).select_option("suspense")
    petra.page.get_by_label("Debit").nth(1).fill("899")
    petra.page.get_by_label("Kind of reason").select_option("bank_difference")
    petra.page.get_by_label("Why, in your own words").fill("The rent of October, by standing order.")
    petra.page.get_by_label("Document").set_input_files(document)
    press_by_keyboard(petra, "Propose this entry")
    petra.reads("must come to the same sum")
    petra.faults.clear()  # that it was answered by 400
    petra.look("by-hand-wrong")
    press_by_keyboard(petra, "Show two more lines")
    petra.reads("Line 6")
    petra.page.get_by_label("Debit").nth(1).fill("900")
    petra.page.get_by_label("Document").set_input_files(document)
    petra.look("by-hand-form")
    press_by_keyboard(petra, "Propose this entry")
    petra.reads("You wrote a version of this entry")
    petra.look("by-hand-waits")


def decide(anton: Person, staff: Staff) -> None:
    anton.sign_in(staff.email, staff)
    anton.go("/desk/")
    anton.follow(f"Decide on entry by hand {ManualEntry.objects.get().pk}")
    anton.look("by-hand-decide")
    press_by_keyboard(anton, "Put this entry into the books")
    anton.reads("Approved, and in the books.")
    anton.look("by-hand-booked")
    anton.go("/desk/by-hand/?state=booked")
    anton.look("by-hand-list")


def name_it(petra: Person, anton: Person) -> None:
    petra.go("/desk/bank/lines/?state=open")
    petra.follow("Rent of the studio")
    petra.look("by-hand-line-named")
    press_by_keyboard(petra, "Propose that entry")
    petra.reads("Proposed.")
    anton.go(f"/desk/bank/matches/{Match.objects.get().pk}/")
    press_by_keyboard(anton, "Confirm this match")
    anton.reads("confirmed and in the books")
