"""What the books begin with: read from a file, proposed by one person, posted by another, once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donations.operations.define_fund import define_fund
from ledger import openings
from ledger.models import Entry, Opening, Period
from ledger.openings import ContentChanged, MonthClosed, NotBegun, NotWaiting, ReasonMissing, SamePerson, current_hash
from ledger.operations.approve_opening import approve_opening
from ledger.operations.begin_books import AlreadyOpened, EntriesBefore, Outcome, TooFarAhead, begin_books
from ledger.operations.propose_opening import AlreadyOpened as OpenedBefore
from ledger.operations.propose_opening import Unfit, look_at_opening, propose_opening
from ledger.operations.refuse_opening import refuse_opening
from ledger.operations.reverse_opening import propose_opening_reversal, reverse_opening
from ledger.queries import balance
from partners.models import BankAccount, Partner
from people.approvers import MayNotApprove
from people.csv_files import NotReadable
from people.models import Approval, Attachment, Organisation, User
from tests.ledger.facts import NOW, balances, post, sale
from tests.ledger.raw import as_owner
from tests.roles import give

pytestmark = pytest.mark.usefixtures("books")
BEGIN = date(2026, 10, 1)
HEAD = "account,owner,currency,debit,credit"
ROWS = (
    '1010,bank:901,usd,"1,000.00",',
    "1050,,usd,50.06,",
    "1410,,usd,0,",
    "2110,partner:dahlias-hope,usd,,200.00",
    "3020,fund:seed-collective,usd,,400.00",
    "3010,,usd,,450.06",
)
STRIPE = {"usd": 5006}


@pytest.fixture(autouse=True)
def begun(db: None) -> Organisation:
    org = Organisation.objects.create(display_name="Tassel Collective", zone_name="America/Chicago")
    Partner.objects.create(slug="dahlias-hope", name="Dahlia's Hope")
    BankAccount.objects.create(pk=901, name="Checking")
    BankAccount.objects.create(pk=902, name="Euro", currency="eur")
    define_fund(slug="seed-collective", name="Seed Collective", purpose="Seeds.", tiers_minor=[2500])
    assert begin_books(on=BEGIN, now=NOW) is Outcome.BEGUN
    return org


@pytest.fixture
def ana(db: None) -> User:
    return approver("ana@example.org")


@pytest.fixture
def ben(db: None) -> User:
    return approver("ben@example.org")


def approver(email: str) -> User:
    user = User.objects.create_user(email, is_staff=True)
    give(user, "finance preparer", "finance approver")
    return user


def file(*rows: str) -> bytes:
    return "\n".join([HEAD, *(rows or ROWS)]).encode()


def propose(by: User, *rows: str, **changes: Any) -> Opening:
    usual = {"file_name": "old-books.csv", "content": file(*rows), "words": "Trial balance.", "stripe_minor": STRIPE}
    return propose_opening(**{**usual, **changes}, by=by, now=NOW)


def approve(row: Opening, by: User, content_hash: str = "") -> Opening:
    return approve_opening(opening_id=row.pk, by=by, content_hash=content_hash or current_hash(row), now=NOW)


def unfit(*rows: str, **changes: Any) -> Unfit:
    looked = look_at_opening(content=file(*rows), stripe_minor=changes.get("stripe_minor", STRIPE))
    assert not looked.fits
    return Unfit(looked)


def test_nothing_is_in_the_books_before_a_second_person_approved(ana: User) -> None:
    row = propose(ana)

    assert (balances(), Entry.objects.count(), row.state) == ({}, 0, "waiting")
    asked = Approval.objects.get()
    assert (asked.subject, asked.reason, asked.requested_by) == (row.ref, "Trial balance.", ana)
    assert Attachment.objects.get().subject == row.ref


def test_approved_balances_open_the_books_on_the_evening_before(ana: User, ben: User) -> None:
    row = approve(propose(ana), ben)

    partner = Partner.objects.get().owner
    assert balances() == {
        "1010/bank:901": 100_000,
        "1050": 5006,
        f"2110/{partner}": -20_000,
        "3010": -45_006,
        "3020/fund:seed-collective": -40_000,
    }
    entry = Entry.objects.get()
    assert (entry.kind, entry.idempotency_key, entry.actor) == ("opening", f"{row.ref}:usd", f"user:{ben.pk}")
    assert (entry.effective_date, entry.event_at.isoformat()) == (date(2026, 9, 30), "2026-10-01T04:59:59+00:00")
    assert balance("payable", partner, as_of=date(2026, 9, 30)) == -20_000
    assert list(openings.unapproved()) == []


def test_each_currency_is_an_entry_of_its_own(ana: User, ben: User) -> None:
    approve(propose(ana, *ROWS, "1010,bank:902,EUR,7.00,", "3010,,EUR,,7.00"), ben)

    keys = Entry.objects.values_list("idempotency_key", flat=True)
    assert sorted(key.rpartition(":")[2] for key in keys) == ["eur", "usd"]
    assert balance("bank", "bank:902", currency="eur") == 700


def test_proposer_does_not_approve_and_changed_content_is_not_signed(ana: User, ben: User) -> None:
    row = propose(ana)

    with pytest.raises(SamePerson):
        approve(row, ana)
    with pytest.raises(ContentChanged):
        approve(row, ben, "0" * 64)
    assert (balances(), Approval.objects.get().decision) == ({}, "waiting")


def test_an_approver_of_today_does_not_count(ana: User) -> None:
    row = propose(ana)
    new = User.objects.create_user("new@example.org", is_staff=True)
    with pytest.raises(MayNotApprove):
        approve(row, new)
    give(new, "finance approver", since=NOW + timedelta(days=6))

    with pytest.raises(MayNotApprove, match="your approval counts from"):
        approve(row, new)
    assert balances() == {}


def test_there_is_one_opening(ana: User, ben: User) -> None:
    row = propose(ana)
    with pytest.raises(OpenedBefore, match="waits for approval"):
        propose(ben)

    approve(row, ben)
    with pytest.raises(OpenedBefore, match="is in the books"):
        propose(ana)
    with pytest.raises(NotWaiting):
        approve(row, ben)
    with pytest.raises(IntegrityError), transaction.atomic():
        Opening.objects.create(effective_on=BEGIN, event_at=NOW, balances=[], proposed_by=ana, proposed_at=NOW)


def test_refused_balances_make_room_for_others(ana: User, ben: User) -> None:
    row = propose(ana)
    with pytest.raises(ReasonMissing):
        refuse_opening(opening_id=row.pk, by=ben, words=" ", now=NOW)

    refuse_opening(opening_id=row.pk, by=ben, words="Rent is missing.", now=NOW)

    assert Approval.objects.get().reason == "Trial balance.\n\nRefused: Rent is missing."
    approve(propose(ana), ben)
    assert list(openings.unapproved()) == []


def test_taking_back_takes_two_people_and_leaves_nothing(ana: User, ben: User) -> None:
    row = approve(propose(ana), ben)
    propose_opening_reversal(opening_id=row.pk, words="Wrong year.", by=ben, now=NOW)
    with pytest.raises(SamePerson):
        reverse_opening(opening_id=row.pk, by=ben, content_hash=current_hash(row), now=NOW)

    reverse_opening(opening_id=row.pk, by=ana, content_hash=current_hash(row), now=NOW)

    assert balances() == {}
    [opened, back] = Entry.objects.order_by("pk")
    assert (back.reverses_id, back.kind, back.effective_date) == (opened.pk, "opening", date(2026, 9, 30))
    approve(propose(ana), ben)
    assert (balances()["1050"], list(openings.unapproved())) == (5006, [])


def test_a_reversal_that_is_refused_leaves_the_books_as_they_are(ana: User, ben: User) -> None:
    row = approve(propose(ana), ben)
    propose_opening_reversal(opening_id=row.pk, words="Wrong?", by=ana, now=NOW)

    refuse_opening(opening_id=row.pk, by=ben, words="It is right.", now=NOW)

    row.refresh_from_db()
    assert (row.state, balances()["1050"], list(openings.unapproved())) == ("posted", 5006, [])
    with pytest.raises(NotWaiting):
        propose_opening_reversal(opening_id=propose_refused(row), words="x", by=ana, now=NOW)


def propose_refused(row: Opening) -> int:
    """The opening with a reversal that waits: a second one is one too many."""
    propose_opening_reversal(opening_id=row.pk, words="Again.", by=row.proposed_by, now=NOW)
    return row.pk


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("9999,,usd,1,", "account: the chart has no “9999”"),
        ("bank,,usd,1,", "account: the chart has no “bank”"),
        ("2110,,usd,,1", "owner: 2110 Partner payable must name its owner"),
        ("2110,partner:nobody,usd,,1", "owner: nobody here is “partner:nobody”"),
        ("1050,partner:dahlias-hope,usd,1,", "owner: 1050 Stripe balance has no owner"),
        ("1060,,xyz,1,", "currency: “xyz” is not a currency code"),
        ("1060,,usd,1,1", "one side"),
        ("1060,,usd,-1,", "debit: an amount is not below zero"),
        ("1060,,usd,,1.005", "credit: “1.005” has more than 2 decimals"),
        ('1060,,usd,"1.234,56",', "debit: “1.234,56” is not an amount"),
        ("1010,bank:901,usd,1,", "has a row already, on line 2"),
        ("1010,,usd,1,", "owner: say which of our bank accounts this is, such as bank:1."),
        ("1010,bank:999,usd,1,", "owner: nobody here is “bank:999”"),
        ("=1060,,usd,1,", "account begins with '='"),
        ("1060,,usd,1", "This row has 4 cells, the header 5"),
    ],
)
def test_one_bad_row_refuses_the_whole_file_by_its_line(ana: User, row: str, why: str) -> None:
    error = unfit(*ROWS, row)

    [bad] = [one for one in error.looked.verdicts if one.verdict == "refused"]
    assert bad.number == 8
    assert why in bad.problem
    with pytest.raises(Unfit, match="1 rows are refused"):
        propose(ana, *ROWS, row)
    assert (Opening.objects.count(), Entry.objects.count(), Attachment.objects.count()) == (0, 0, 0)


def test_verdicts_say_what_each_row_does() -> None:
    looked = look_at_opening(content=file(), stripe_minor=STRIPE)

    assert [row.verdict for row in looked.verdicts] == ["opens", "opens", "nothing", "opens", "opens", "opens"]
    assert [(total.debits_minor, total.credits_minor) for total in looked.totals] == [(105_006, 105_006)]
    assert looked.fits


def test_what_does_not_balance_is_refused_with_the_difference() -> None:
    assert unfit(*ROWS[:-1], "3010,,usd,,450.05").looked.problems == (
        "USD does not balance: debits $1,050.06, credits $1,050.05, $0.01 apart.",
    )


@pytest.mark.parametrize(
    ("stripe", "said"),
    [
        ({"usd": 5005}, "1050 in USD is $50.06 in the file; Stripe held $50.05 then."),
        ({}, "1050 in USD is $50.06 in the file; Stripe held $0.00 then."),
        ({"usd": 5006, "eur": 3}, "1050 in EUR is €0.00 in the file; Stripe held €0.03 then."),
    ],
)
def test_the_stripe_balance_is_what_stripe_held(stripe: dict[str, int], said: str) -> None:
    assert unfit(stripe_minor=stripe).looked.problems == (said,)


def test_an_empty_table_and_a_wrong_one_open_nothing(ana: User) -> None:
    assert "No row opens an account." in unfit("1060,,usd,0,0", stripe_minor={}).looked.problems
    with pytest.raises(NotReadable, match="no column “owner”"):
        propose(ana, content=b"account,currency,debit,credit\n1010,usd,1,\n")
    with pytest.raises(ReasonMissing):
        propose(ana, words=" ")


def test_the_books_begin_once_with_a_day_that_nothing_went_before(ana: User) -> None:
    assert begin_books(on=BEGIN, now=NOW) is Outcome.ALREADY_BEGUN
    with pytest.raises(TooFarAhead):
        begin_books(on=date(2028, 1, 1), now=NOW)
    row = propose(ana)
    with pytest.raises(AlreadyOpened, match=row.ref):
        begin_books(on=date(2026, 9, 1), now=NOW)


def test_entries_of_an_earlier_day_would_be_counted_twice(ana: User) -> None:
    post(sale(effective_on=date(2026, 9, 30), event_at=NOW - timedelta(days=20)))

    with pytest.raises(OpenedBefore, match="stripe:charge:ch_1:sale of 2026-09-30"):
        propose(ana)
    with pytest.raises(EntriesBefore, match="1 entries before 2026-10-05"):
        begin_books(on=date(2026, 10, 5), now=NOW)


def test_books_that_begin_nowhere_or_later_are_not_opened(ana: User) -> None:
    begin_books(on=date(2026, 11, 1), now=NOW)
    with pytest.raises(NotBegun, match="has not come yet"):
        propose(ana)

    Organisation.objects.update(books_begin_on=None)
    with pytest.raises(NotBegun, match="begin_books"):
        propose(ana)


def test_a_closed_month_takes_no_opening(ana: User) -> None:
    as_owner("UPDATE ledger_period SET state = 'closed' WHERE yyyymm = 202609")

    with pytest.raises(MonthClosed, match="2026-09-30"):
        propose(ana)
    assert Period.objects.get(pk=202609).state == "closed"
    assert not Opening.objects.exists()


def test_what_was_signed_stays(ana: User, ben: User) -> None:
    row = propose(ana)
    for change in (
        "balances = '[]'",
        "effective_on = '2026-01-01'",
        f"proposed_by_id = {ben.pk}",
        "state = 'reversed'",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE ledger_opening SET {change}, stands = stands")
    approve(row, ben)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.delete()


def test_the_books_name_an_opening_that_nobody_signed(ana: User, ben: User) -> None:
    row = approve(propose(ana), ben)
    entry = Entry.objects.get()

    as_owner("UPDATE ledger_opening SET balances = jsonb_set(balances, '{0,3}', '7')")
    assert list(openings.unapproved()) == [
        f"opening {row.ref}:usd (entry {entry.pk}) was not approved by a second person"
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["1010/bank:901", "1060", "1410", "2310", "2410"]), st.integers(-99_999, 99_999))
    )
)
def test_any_balances_that_fit_are_posted_to_the_cent(ana: User, ben: User, rows: list[tuple[str, int]]) -> None:
    wanted = dict(rows)
    rest = -sum(wanted.values())
    lines = [line(code, amount) for code, amount in [*wanted.items(), ("3010", rest)]]
    with transaction.atomic():
        if not any(wanted.values()):
            transaction.set_rollback(True)
            return
        approve(propose(ana, *lines, stripe_minor={}), ben)
        assert balances() == {code: amount for code, amount in {**wanted, "3010": rest}.items() if amount}
        transaction.set_rollback(True)


def line(code: str, amount_minor: int) -> str:
    figure = f"{abs(amount_minor) // 100}.{abs(amount_minor) % 100:02}"
    account = ",".join(code.partition("/")[::2])
    return f"{account},usd,{figure},0" if amount_minor >= 0 else f"{account},usd,,{figure}"
