"""What staff see of the books: an entry whole, and exceptions by age, with who has them and how they ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ledger import builders
from ledger.desk_tasks import COUNTED
from ledger.discrepancies import Found
from ledger.models import Entry, ReconciliationException
from ledger.operations.open_exception import open_exception
from ledger.operations.seal_entries import seal_all
from people.desk import told_by_number
from people.models import User
from tests.ledger.facts import NOW, WHEN, accrual, post, sale
from tests.ledger.kinds import made_up
from tests.ledger.raw import as_owner
from tests.partners.conftest import org, person
from tests.partners.test_desk import QUERIES_MAX, signed_in, words

pytestmark = pytest.mark.django_db
__all__ = ["org"]
LATE = made_up("payout_differs", limit=timedelta(hours=1))
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def today(org: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOW)


@pytest.fixture
def ana(db: None) -> User:
    return person("ana@tassel.example", "finance preparer")


@pytest.fixture
def desk(ana: User) -> Client:
    return signed_in(ana)


def opened(subject: str = "stripe:payout:po_1", days_ago: int = 0) -> ReconciliationException:
    open_exception(LATE, Found(subject, -100, "usd", "its parts less itself"), now=NOW - days_ago * DAY)
    return ReconciliationException.objects.latest("id")


def test_an_entry_shows_its_accounts_its_seal_and_what_it_reverses(desk: Client) -> None:
    ref = "stripe:dispute:dp_1"
    parts = builders.Parts(goods_minor=4320, shipping_minor=500, tax_minor=366)
    lost = builders.dispute_lost(dispute_ref=ref, parts=parts, source="order:1042", **WHEN)
    post(sale())
    post(lost)
    post(builders.dispute_recovered(dispute_ref=ref, parts=parts, source="order:1042", **WHEN))
    seal_all()
    first, second = Entry.objects.get(kind=lost.kind), Entry.objects.latest("id")

    page = words(desk.get(f"/desk/entries/{first.pk}/"))
    back = words(desk.get(f"/desk/entries/{second.pk}/"))

    assert "4550 Chargeback losses" in page and "1150 Disputes receivable" in page
    assert "Number 2 of the chain" in page
    assert f'back again by <a href="/desk/entries/{second.pk}/">' in page
    assert f'<a href="/desk/entries/{first.pk}/">Entry {first.pk}</a>' in back


def test_an_owner_is_called_by_name(desk: Client) -> None:
    post(sale(), accrual())

    page = words(desk.get(f"/desk/entries/{Entry.objects.get(kind='accrual').pk}/"))

    assert "2110 Partner payable: partner:1" in page and "$8.64 moved on 20 October 2026" in page


def test_an_entry_that_somebody_changed_says_so(desk: Client) -> None:
    post(sale())
    entry = Entry.objects.get()
    as_owner("UPDATE ledger_entry SET source = 'order:2' WHERE id = %s", entry.pk)

    assert "not what was posted" in words(desk.get(f"/desk/entries/{entry.pk}/"))


def test_exceptions_stand_by_age_and_say_in_words_what_is_overdue(desk: Client) -> None:
    opened("stripe:payout:po_new")
    opened("stripe:payout:po_old", days_ago=2)

    page = desk.get("/desk/exceptions/")
    overdue = desk.get("/desk/exceptions/?state=overdue")

    assert [row.subject[-6:] for row, _, _ in page.context["rows"]] == ["po_old", "po_new"]
    assert words(page).count(">Overdue</span>") == 1
    assert "for 1 day, 23 hours" in words(page) and "1 hour left" in words(page)
    assert [row.subject[-6:] for row, _, _ in overdue.context["rows"]] == ["po_old"]
    assert 'href="/desk/stripe/payouts/po_old/"' in words(page)
    assert [task.title for task in told_by_number(COUNTED, NOW)] == ["Settle 1 overdue exception"]


def test_nothing_open_is_said_and_nothing_waits(desk: Client) -> None:
    assert "Everything adds up" in words(desk.get("/desk/exceptions/"))
    assert not list(told_by_number(COUNTED, NOW))


def test_it_is_handed_over_settled_and_found_again(desk: Client, ana: User) -> None:
    row = opened(days_ago=1)
    page = f"/desk/exceptions/{row.pk}/"

    assert "Ana looks into it now." in words(desk.post(f"{page}assign/", {"owner": ana.pk}, follow=True))
    told = desk.post(f"{page}settle/", {"resolution": "explained", "reason": "The bank was closed <b>"}, follow=True)

    assert "Settled. It opens again only when its amount changes." in words(told)
    assert "Given to Ana by Ana" in words(told)
    assert "Settled by Ana, 20 October 2026, 12:00 CDT: The bank was closed &lt;b&gt;" in words(told)
    assert "Settle it" not in words(told)
    found = words(desk.get("/desk/exceptions/?state=settled&subject=po_1"))
    assert "Explained, nothing to post" in found
    again = words(desk.post(f"{page}settle/", {"resolution": "explained", "reason": "Mine"}, follow=True))
    assert "Somebody else settled it before you" in again
    assert "stays with nobody" in words(desk.post(f"{page}assign/", {"owner": ""}, follow=True))


def test_what_an_entry_ended_names_it_by_its_number_or_key(desk: Client) -> None:
    post(sale())
    entry = Entry.objects.get()
    for number, named in enumerate((str(entry.pk), entry.idempotency_key)):
        row = opened(f"stripe:payout:po_{number}")
        typed = {"resolution": "corrected", "reason": "Posted by hand", "entry": named}
        desk.post(f"/desk/exceptions/{row.pk}/settle/", typed)
        row.refresh_from_db()
        assert row.resolution_entry == entry

    assert "Settles" in words(desk.get(f"/desk/entries/{entry.pk}/"))


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"reason": "Because"}, "resolution"),
        ({"resolution": "gone", "reason": "Because"}, "resolution"),
        ({"resolution": "explained", "reason": " "}, "reason"),
        ({"resolution": "corrected", "reason": "Because"}, "entry"),
        ({"resolution": "written_off", "reason": "Because", "entry": "999"}, "entry"),
        ({"resolution": "explained", "reason": "Because", "entry": "٣"}, "entry"),
    ],
)
def test_a_settlement_that_says_too_little_is_answered_beside_its_field(
    desk: Client, typed: dict[str, str], field: str
) -> None:
    row = opened()

    answer = desk.post(f"/desk/exceptions/{row.pk}/settle/", typed)

    assert answer.status_code == 400
    assert list(answer.context["settle_form"].errors) == [field]
    assert typed.get("reason", "").strip() in words(answer)
    row.refresh_from_db()
    assert row.resolved_at is None and not row.events.exists()


def test_only_finance_can_be_given_one_and_only_finance_gives(desk: Client) -> None:
    row, page = opened(), "/desk/exceptions/"
    packer = person("packer@tassel.example", "fulfilment")

    assert desk.post(f"{page}{row.pk}/assign/", {"owner": packer.pk}).status_code == 400
    board = signed_in(person("board@tassel.example", "board"))

    assert board.get(f"{page}{row.pk}/").status_code == 200
    assert "Hand it over" not in words(board.get(f"{page}{row.pk}/"))
    assert board.post(f"{page}{row.pk}/assign/", {"owner": ""}).status_code == 403
    assert board.post(f"{page}{row.pk}/settle/", {}).status_code == 403


def test_many_exceptions_cost_no_more_queries(desk: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        opened(f"stripe:payout:po_{number}")

    with django_assert_max_num_queries(QUERIES_MAX):
        desk.get("/desk/exceptions/")
