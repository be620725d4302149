"""Two people promise a share, and two give a role, with nothing but a keyboard: proposed, signed, approved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.demo.ground import Staff
from partners.models import Agreement
from people import clock
from people.models import RoleGrant
from people.queries import local_day
from tests.browser.person import Person
from tests.browser.test_month_close import press_by_keyboard
from tests.browser.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)
LABEL = "(document.activeElement.labels?.[0]?.innerText || '').trim()"


def reach(someone: Person, label: str) -> None:
    """Tab to the field with this label, the next or one before it."""
    for _ in range(80):
        someone.page.keyboard.press("Tab")
        if someone.page.evaluate(LABEL) == label:
            return
    raise AssertionError(f"no field '{label}' by keyboard on {someone.page.url}")


def write(someone: Person, **fields: str) -> None:
    """Type into each field, by its label with spaces for underscores; a choice is found by its first letters."""
    for label, words in fields.items():
        reach(someone, label.replace("_", " "))
        someone.page.keyboard.type(words)


def agreement_page(person: Any, team: list[Staff]) -> tuple[Person, str]:
    """Petra prepares a promise on a phone."""
    today = local_day(clock.now())
    petra: Person = person(phone=True)
    petra.sign_in(team[0].email, team[0])
    petra.go("/desk/agreements/")
    petra.look("agreements")
    press_by_keyboard(petra, "Prepare an agreement")
    petra.page.wait_for_url("**/new/")
    petra.look("agreement-new")
    write(petra, Partner="Dahlia", Of_what="collection:autumn", What_a_buyer_calls_it="the autumn collection")
    write(petra, Share_in_percent="12.5")
    reach(petra, "First day")
    petra.page.keyboard.type(f"{today:%m%d%Y}")
    reach(petra, "Last day, included")
    petra.page.keyboard.type(f"{today + timedelta(days=200):%m%d%Y}")
    press_by_keyboard(petra, "Prepare the agreement")
    petra.reads("the signed document")
    return petra, f"/desk/agreements/{Agreement.objects.latest('pk').pk}/"


def test_an_agreement_is_proposed_signed_and_approved_by_keyboard(
    person: Any, team: list[Staff], worker: Worker, tmp_path: Path
) -> None:
    petra, page = agreement_page(person, team)
    petra.look("agreement-draft")
    press_by_keyboard(petra, "Write the terms down")
    petra.page.wait_for_url("**/terms/")
    petra.look("agreement-terms")
    write(petra, Who_sells="A nonprofit", Where_it_is_offered="The United States")
    write(petra, First_signer_for_the_partner="Executive Director")
    press_by_keyboard(petra, "Write the terms down")
    petra.reads("Executive Director")
    press_by_keyboard(petra, "Keep a signed document")
    reach(petra, "Day on the paper")
    petra.page.keyboard.type(f"{local_day(clock.now()):%m%d%Y}")
    reach(petra, "The file")
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(b"%PDF-1.7 signed")
    petra.page.get_by_label("The file").set_input_files(signed)
    press_by_keyboard(petra, "Keep this paper")
    petra.reads("Signed document kept")
    petra.look("agreement-signed")

    anton: Person = person()
    anton.sign_in(team[1].email, team[1])
    anton.go("/desk/")
    press_by_keyboard(anton, "Activate the agreement with Dahlia")
    anton.page.wait_for_url(f"**{page}")
    anton.look("agreement-to-approve")
    press_by_keyboard(anton, "Activate this agreement")
    anton.reads("From its first day pages show it")
    anton.look("agreement-active")
    kept = Agreement.objects.latest("pk")
    assert (kept.state, kept.rate_num, kept.rate_den, str(kept.approved_by)) == ("active", 1, 8, "Anton Approver")


def test_a_role_is_asked_for_given_and_taken_away_by_keyboard(person: Any, team: list[Staff], worker: Worker) -> None:
    anton, olivia = person(), person(phone=True)
    anton.sign_in(team[1].email, team[1])
    olivia.sign_in(team[2].email, team[2])

    anton.go("/desk/roles/")
    write(anton, Who="Petra", Role="Donor", Why="She answers givers in the evening.")
    press_by_keyboard(anton, "Ask for this role")
    anton.reads("so another person decides")
    anton.look("role-asked")
    olivia.go("/desk/roles/")
    olivia.look("role-to-approve")
    press_by_keyboard(olivia, "Approve: Petra Preparer becomes donor care")
    olivia.reads("Donor care")
    grant = RoleGrant.objects.get(user__email=team[0].email, role="donor care")
    assert grant.granted_at is not None

    press_by_keyboard(olivia, "donor care from Petra Preparer")
    olivia.reads("Not any more")
    olivia.look("role-ended")
    grant.refresh_from_db()
    assert str(grant.ended_by) == "Olivia Owner"
