"""Entries by hand on the desk: written in lines that balance, decided by another person who has just shown a factor."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ledger.discrepancies import Found
from ledger.drafts import AccountRef, PostingDraft
from ledger.hand_forms import wrong_owner
from ledger.hand_lines import HandLine, NotBalanced, lines_of, pairs_of
from ledger.models import Entry, ManualEntry, ReconciliationException
from ledger.operations.open_exception import open_exception
from partners.bank.discrepancies import LINE_UNKNOWN
from partners.models import BankAccount, Match
from payments.discrepancies import CLEARING_OPEN
from people import desk as waiting
from people.models import Approval, Attachment, User
from tests.partners.conftest import NOW, checking, org, person
from tests.partners.test_desk import QUERIES_MAX, signed_in, words
from tests.partners.test_payouts import statement

pytestmark = pytest.mark.django_db
__all__ = ["checking", "org"]
NEW = "/desk/by-hand/new/"
OURS = "ours"  # the one bank account there is


@pytest.fixture(autouse=True)
def today(org: Any, checking: BankAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOW)


@pytest.fixture
def ana(db: None) -> User:
    return person("ana@tassel.example", "finance preparer")


@pytest.fixture
def ben(db: None) -> User:
    return person("ben@tassel.example", "finance approver")


def typed(*lines: tuple[str, str, str, str], **changes: Any) -> dict[str, Any]:
    """The form with (account, owner, debit, credit) in each line: $900 of rent, unless told otherwise."""
    lines = lines or (("suspense", "", "900.00", ""), ("bank", OURS, "", "900.00"))
    fields: dict[str, Any] = {"line-TOTAL_FORMS": str(len(lines)), "line-INITIAL_FORMS": "0"}
    for place, line in enumerate(lines):
        names = (f"line-{place}-{name}" for name in ("account", "owner", "debit", "credit"))
        ref = BankAccount.objects.get().ref
        fields |= dict(zip(names, (ref if word == OURS else word for word in line), strict=True))
    usual = {"effective_on": "2026-10-19", "currency": "USD", "reason": "bank_difference", "words": "Rent of October."}
    return fields | usual | {"document": SimpleUploadedFile("rent.pdf", b"%PDF-1.7 rent")} | changes


def proposed(by: User, *lines: tuple[str, str, str, str], **changes: Any) -> ManualEntry:
    assert signed_in(by).post(NEW, typed(*lines, **changes)).status_code == 302
    return ManualEntry.objects.latest("pk")


def approve(row: ManualEntry, client: Client) -> str:
    page = words(client.get(f"/desk/by-hand/{row.pk}/"))
    shown = re.search(r'name="content_hash" value="(\w+)"', page)
    return words(
        client.post(f"/desk/by-hand/{row.pk}/approve/", {"content_hash": shown[1] if shown else ""}, follow=True)
    )


# Lines


def a(purpose: str, owner: str = "") -> AccountRef:
    return AccountRef(purpose, owner)


def test_lines_are_paired_in_their_order_and_read_back_as_they_were() -> None:
    lines = [
        HandLine(a("bank", "bank:1"), -1500), HandLine(a("bank_fees"), 1000), HandLine(a("suspense"), 700),
        HandLine(a("interest"), -200),
    ]  # fmt: skip

    pairs = pairs_of(lines)

    assert pairs == (
        PostingDraft(a("bank_fees"), a("bank", "bank:1"), 1000),
        PostingDraft(a("suspense"), a("bank", "bank:1"), 500),
        PostingDraft(a("suspense"), a("interest"), 200),
    )
    stored = [(p.debit.purpose, p.debit.owner, p.credit.purpose, p.credit.owner, p.amount_minor) for p in pairs]
    assert set(lines_of(stored)) == set(lines)


@pytest.mark.parametrize("amounts", [(100, -99), (100, 100), (0,), ()])
def test_lines_that_do_not_balance_are_no_entry(amounts: tuple[int, ...]) -> None:
    names = ("bank_fees", "bank")
    with pytest.raises(NotBalanced):
        pairs_of([HandLine(a(name), amount) for name, amount in zip(names, amounts, strict=False)])


def test_an_account_on_both_sides_is_no_entry() -> None:
    with pytest.raises(NotBalanced, match="both sides"):
        pairs_of([HandLine(a("bank"), 5), HandLine(a("bank"), -2), HandLine(a("suspense"), -3)])


@pytest.mark.parametrize(
    ("account", "fits"),
    [
        (("bank", ""), False), (("bank", "bank:1"), True), (("bank", "partner:1"), False),
        (("payable", "fund:a"), False),
        (("payable", "partner:1"), True), (("contributions", "fund:a"), True), (("contributions", "bank:1"), False),
        (("write_off", "partner:1"), False), (("nothing", ""), False),
    ],
)  # fmt: skip
def test_an_account_belongs_to_its_own_kind_of_owner(account: tuple[str, str], fits: bool) -> None:
    assert (wrong_owner(a(*account)) == "") is fits


# Two people


def test_an_entry_from_the_form_into_the_books(ana: User, ben: User) -> None:
    row = proposed(ana)
    assert not Entry.objects.exists()

    page = approve(row, signed_in(ben))

    entry = Entry.objects.get()
    assert (entry.idempotency_key, entry.effective_date) == (row.ref, date(2026, 10, 19))
    assert [(p.debit.purpose, p.credit.purpose, p.amount_minor) for p in entry.postings.all()] == [
        ("suspense", "bank", 90000)
    ]
    assert "Approved, and in the books." in page
    assert f'<a href="/desk/entries/{entry.pk}/">' in page
    assert f'<a href="/desk/by-hand/{row.pk}/">Entry by hand {row.pk}</a>' in words(
        signed_in(ben).get(f"/desk/entries/{entry.pk}/")
    )


def test_who_wrote_a_version_is_shown_no_decision_and_refused_one(ana: User, ben: User) -> None:
    row = proposed(ana)
    cem = person("cem@tassel.example", "finance approver")
    page = f"/desk/by-hand/{row.pk}/"
    changed = signed_in(ben).post(f"{page}edit/", typed(words="Rent of October, late.", document=""), follow=True)
    assert "You wrote a version of this entry" in words(changed)

    answer = signed_in(ben).post(
        f"{page}approve/", {"content_hash": Approval.objects.get(decision="waiting").subject_hash}, follow=True
    )

    assert "another person must decide" in words(answer)
    assert not Entry.objects.exists()
    assert "Approved" in approve(row, signed_in(cem))


def test_what_changed_since_it_was_read_is_read_again(ana: User, ben: User) -> None:
    row = proposed(ana)
    old = Approval.objects.get(decision="waiting").subject_hash
    signed_in(ana).post(f"/desk/by-hand/{row.pk}/edit/", typed(words="Another reason.", document=""))

    answer = signed_in(ben).post(f"/desk/by-hand/{row.pk}/approve/", {"content_hash": old}, follow=True)

    assert "changed since you opened it" in words(answer)
    assert not Entry.objects.exists()


def test_what_is_refused_can_be_put_right(ana: User, ben: User) -> None:
    row = proposed(ana)
    page = f"/desk/by-hand/{row.pk}/"
    assert signed_in(ben).post(f"{page}refuse/", {}).status_code == 400

    refused = words(signed_in(ben).post(f"{page}refuse/", {"reason": "The lease says 850."}, follow=True))
    assert "Refused by Ben" in refused and ": The lease says 850." in refused
    form = words(signed_in(ana).get(f"{page}edit/"))
    assert 'value="900.00"' in form and "> Rent of October.</textarea>" in form

    lines = (("suspense", "", "850.00", ""), ("bank", OURS, "", "850.00"))
    signed_in(ana).post(f"{page}edit/", typed(*lines, document=""))
    assert "Approved" in approve(row, signed_in(ben))
    assert Entry.objects.get().postings.get().amount_minor == 85000
    again = signed_in(ana).get(f"{page}edit/", follow=True)
    assert "It is in the books: correct it by another entry." in words(again)


def test_above_the_limit_of_write_offs_the_board_decides(ana: User, ben: User) -> None:
    row = proposed(ana, ("write_off", "", "9.00", ""), ("bank", OURS, "", "9.00"), reason="write_off")
    board = person("bea@tassel.example", "board")

    assert "somebody of the board has to approve" in approve(row, signed_in(ben))
    assert not Entry.objects.exists()
    assert "Approved" in approve(row, signed_in(board))


def test_without_a_fresh_factor_nothing_is_written_or_decided(ana: User, ben: User) -> None:
    row = proposed(ana)
    writer, decider = signed_in(ana), signed_in(ben)
    for client in (writer, decider):
        session = client.session
        for record in session["account_authentication_methods"]:
            record["at"] -= 3600
        session.save()

    for path, body in ((NEW, typed()), (f"/desk/by-hand/{row.pk}/edit/", typed(words="Else."))):
        assert "/account/" in writer.get(path)["Location"]
        writer.post(path, body)
    for step in ("approve", "refuse"):
        body = {"content_hash": Approval.objects.get().subject_hash, "reason": "No."}
        assert "/account/" in decider.post(f"/desk/by-hand/{row.pk}/{step}/", body)["Location"]

    assert ManualEntry.objects.count() == 1
    assert Approval.objects.get().decision == "waiting"


# The form


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ((("suspense", "", "9", ""), ("bank", OURS, "", "8")), "must come to the same sum"),
        ((("suspense", "", "9", ""), ("bank", OURS, "", "-9")), "is not an amount"),
        ((("suspense", "", "9", "9"), ("bank", OURS, "", "9")), "Write one amount"),
        ((("", "", "9", ""), ("bank", OURS, "", "9")), "Choose the account of this line."),
        ((("suspense", "", "0", ""), ("bank", OURS, "", "9")), "above zero"),
        ((("payable", "", "9", ""), ("bank", OURS, "", "9")), "Choose whose it is."),
        ((("suspense", "bank:0", "9", ""), ("bank", OURS, "", "9")), "Select a valid choice"),
        ((("suspense", "", "9", ""), ("bank", "", "", "9")), "Choose which of our bank accounts"),
        ((("stripe_balance", "", "9", ""), ("bank", OURS, "", "9")), "Select a valid choice"),
        ((("", "", "", ""), ("", "", "", "")), "at least one debit and one credit"),
        ((("suspense", "", "9.999", ""), ("bank", OURS, "", "9.999")), "more than 2 decimals"),
        ((("suspense", "", "9" * 20, ""), ("bank", OURS, "", "9" * 20)), "larger than any amount"),
    ],
)
def test_lines_that_say_nothing_clear_are_refused_beside_their_field(ana: User, lines: Any, says: str) -> None:
    answer = signed_in(ana).post(NEW, typed(*lines))

    assert answer.status_code == 400
    assert says in words(answer)
    assert not ManualEntry.objects.exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"effective_on": "2026-10-21"}, "has not come yet"),
        ({"effective_on": "2020-01-01"}, "no month for this day"),
        ({"effective_on": "19.10."}, "Write the day as year-month-day"),
        ({"currency": "XXY"}, "currency&#x27;s code"),
        ({"about": "order:7"}, "Write it as its exception does"),
        ({"words": " "}, "Say why this entry is needed."),
        ({"reason": "fun"}, "Choose one of these."),
        ({"document": ""}, "Add the document that shows why."),
        ({"document": SimpleUploadedFile("run.exe", b"x")}, "is not a PDF"),
    ],
)
def test_what_makes_no_entry_is_said(ana: User, changes: dict[str, Any], says: str) -> None:
    answer = signed_in(ana).post(NEW, typed(**changes))

    assert answer.status_code == 400
    assert says in words(answer)
    assert 'value="900.00"' in words(answer)
    assert not ManualEntry.objects.exists() and not Attachment.objects.exists()


def test_a_form_that_is_sent_twice_proposes_once(ana: User) -> None:
    client = signed_in(ana)
    key = re.search(r'name="form_key" value="(\w+)"', words(client.get(NEW)))
    assert key is not None

    for _ in range(2):
        answer = client.post(NEW, typed(form_key=key[1]), follow=True)

    assert ManualEntry.objects.count() == 1
    assert answer.status_code == 200 and "This form was sent before" in words(answer)
    assert f'value="{key[1]}"' in words(client.post(NEW, typed(form_key=key[1], words="")))


def test_more_lines_keep_what_was_typed(ana: User) -> None:
    answer = signed_in(ana).post(NEW, typed(more="1", about="stripe:refund:re_1"))

    page = words(answer)
    assert answer.status_code == 200
    assert (
        'value="900.00"' in page
        and "> Rent of October.</textarea>" in page
        and "Line 4" in page
        and "stripe:refund:re_1" in page
    )
    assert not ManualEntry.objects.exists()


def test_a_partners_account_is_booked_under_its_partner(ana: User, ben: User) -> None:
    from partners.models import Partner

    house = Partner.objects.create(slug="house", name="Restoration House")
    row = proposed(ana, ("payable", house.owner, "9", ""), ("suspense", "", "", "9"))

    page = words(signed_in(ben).get(f"/desk/by-hand/{row.pk}/"))
    assert "2110 Partner payable" in page and "Restoration House" in page
    assert row.postings == [["payable", house.owner, "suspense", "", 900]]


# Where it is found


def test_the_document_is_read_by_who_decides(ana: User, ben: User) -> None:
    row = proposed(ana)
    file = Attachment.objects.get()
    page = words(signed_in(ben).get(f"/desk/by-hand/{row.pk}/"))
    assert f"/desk/by-hand/{row.pk}/documents/{file.pk}/" in page

    answer = signed_in(ben).get(f"/desk/by-hand/{row.pk}/documents/{file.pk}/")

    assert (answer.content, answer["Content-Type"]) == (b"%PDF-1.7 rent", "application/pdf")
    assert "attachment" in answer["Content-Disposition"]
    assert signed_in(ben).get(f"/desk/by-hand/{row.pk + 1}/documents/{file.pk}/").status_code == 404


def test_it_waits_for_everybody_who_decides_but_who_asked(ana: User, ben: User) -> None:
    row = proposed(ana)
    title = f"Decide on entry by hand {row.pk}"

    def seen(user: User, *roles: str) -> bool:
        return title in [task.title for task in waiting.tasks(roles, NOW, user_id=user.pk)]

    assert seen(ben, "finance approver") and seen(ben, "board")
    assert not seen(ana, "finance approver") and not seen(ben, "finance preparer")
    assert title in words(signed_in(ben).get("/desk/"))


def test_a_bank_line_is_booked_by_hand_step_by_step(checking: BankAccount, ana: User, ben: User) -> None:
    statement(checking, ana, "2026-10-19,Rent,-900.00")
    line = checking.lines.get()
    page = words(signed_in(ana).get(f"/desk/bank/lines/{line.pk}/"))
    link = re.search(r'href="(/desk/by-hand/new/[^"]+)"', page)
    assert link is not None

    form = words(signed_in(ana).get(link[1].replace("&amp;", "&")))
    assert f'<option value="{checking.ref}" selected>' in form
    assert 'value="900.00"' in form and 'value="2026-10-19"' in form
    row = proposed(ana, ("suspense", "", "900", ""), ("bank", OURS, "", "900"))
    approve(row, signed_in(ben))

    assert f'value="{row.ref}"' in words(signed_in(ana).get(f"/desk/bank/lines/{line.pk}/"))
    signed_in(ana).post(f"/desk/bank/lines/{line.pk}/by-hand/", {"entry": row.ref})
    signed_in(ben).post("/desk/bank/matches/confirm/", {"match": Match.objects.get().pk})
    assert Match.objects.get().state == "confirmed"


def test_an_exception_leads_to_an_entry_and_is_settled_by_it(ana: User, ben: User) -> None:
    open_exception(LINE_UNKNOWN, Found("bank:line:9", -900, "usd"), now=NOW)
    exception = ReconciliationException.objects.get()
    page = words(signed_in(ana).get(f"/desk/exceptions/{exception.pk}/"))
    link = re.search(r'href="(/desk/by-hand/new/[^"]+)"', page)
    assert link is not None
    assert f"It settles exception {exception.pk}" in words(signed_in(ana).get(link[1].replace("&amp;", "&")))
    row = proposed(ana, ("suspense", "", "9", ""), ("bank", OURS, "", "9"))
    approve(row, signed_in(ben))

    body = {"resolution": "corrected", "entry": row.ref, "reason": "Booked."}
    signed_in(ana).post(f"/desk/exceptions/{exception.pk}/settle/", body)

    exception.refresh_from_db()
    assert exception.resolution_entry == Entry.objects.get()


def test_an_entry_settles_the_charge_of_the_exception_that_led_to_it(ana: User, ben: User) -> None:
    open_exception(CLEARING_OPEN, Found("stripe:charge:ch_1:usd", 900, "usd"), now=NOW)
    pk = ReconciliationException.objects.get().pk
    link = re.search(r'href="(/desk/by-hand/new/[^"]+)"', words(signed_in(ana).get(f"/desk/exceptions/{pk}/")))
    assert link is not None
    begun = words(signed_in(ana).get(link[1].replace("&amp;", "&")))
    said = re.search(r'name="about" value="([^"]+)"', begun)
    assert said is not None
    row = proposed(ana, ("suspense", "", "9", ""), ("clearing", "", "", "9"), about=said[1])
    changing = words(signed_in(ana).get(f"/desk/by-hand/{row.pk}/edit/"))
    page = words(signed_in(ben).get(f"/desk/by-hand/{row.pk}/"))

    approve(row, signed_in(ben))

    assert 'value="stripe:charge:ch_1"' in changing and "stripe:charge:ch_1" in page
    assert Entry.objects.get().source == "stripe:charge:ch_1"


def test_an_entry_names_the_one_that_it_takes_back(ana: User, ben: User) -> None:
    begun = words(signed_in(ana).get(f"{NEW}?about=manual:7"))
    row = proposed(ana, about="manual:7")

    approve(row, signed_in(ben))

    assert 'value="manual:7"' in begun and Entry.objects.get().source == "manual:7"
    assert "Entry by hand 7" in words(signed_in(ben).get(f"/desk/by-hand/{row.pk}/"))


def test_it_is_in_the_history(ana: User, ben: User) -> None:
    row = proposed(ana)
    approve(row, signed_in(ben))

    page = words(signed_in(ana).get("/desk/history/"))
    assert f"Entry by hand {row.pk}" in page


def test_every_page_stays_at_a_few_queries(ana: User, ben: User, django_assert_max_num_queries: Any) -> None:
    for number in range(1, 8):
        row = proposed(ana, ("suspense", "", f"{number}", ""), ("bank", OURS, "", f"{number}"))
        if number == 3:
            approve(row, signed_in(ben))
    client = signed_in(ben)
    pages = ["/desk/by-hand/", "/desk/by-hand/?state=booked", "/desk/by-hand/?state=refused", "/desk/by-hand/?state=x"]
    pages += [NEW, f"/desk/by-hand/{row.pk}/", f"/desk/by-hand/{row.pk}/edit/"]

    for page in pages:
        with django_assert_max_num_queries(QUERIES_MAX):
            answer = client.get(page)
        assert answer.status_code == 200, page
        assert "None" not in words(answer), page
