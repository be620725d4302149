"""The opening balances by the pages: checked, proposed, approved by another person, taken back by two."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.models import Entry, Opening
from ledger.operations.begin_books import begin_books
from ledger.queries import balance
from partners.models import BankAccount, Partner
from payments.gateway import StripeUnavailable
from people.models import User
from tests.partners.conftest import NOW
from tests.partners.test_desk import signed_in, words

pytestmark = pytest.mark.django_db
GOOD = """account,owner,currency,debit,credit
1010,bank:901,usd,900.00,
1050,,usd,100.00,
2110,partner:dahlias-hope,usd,,250.00
3010,,usd,,750.00
"""
PAGE = "/desk/opening/"


@pytest.fixture(autouse=True)
def begun(dahlias_hope: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    monkeypatch.setattr("partners.views.opening.ask_balance_at", lambda moment: {"usd": 10_000})
    BankAccount.objects.create(pk=901, name="Checking", last4="1234")
    begin_books(on=date(2026, 10, 1), now=NOW)


def check(client: Client, text: str = GOOD, why: str = "Trial balance by our accountant.") -> Any:
    file = SimpleUploadedFile("old books.csv", text.encode())
    return client.post(f"{PAGE}check/", {"file": file, "words": why})


def proposed(client: Client) -> Opening:
    client.post(f"{PAGE}propose/", check(client).context["form"].initial)
    return Opening.objects.get(stands=True)


def signed(client: Client) -> dict[str, Any]:
    return {"content_hash": client.get(PAGE).context["content_hash"]}


def test_a_bank_balance_that_belongs_to_no_account_is_refused_in_words(ana: User) -> None:
    page = words(check(signed_in(ana), GOOD.replace("bank:901", "")))

    assert "owner: say which of our bank accounts this is, such as bank:1." in page
    assert not Opening.objects.exists()


def test_the_books_are_opened_by_two_people(ana: User, ben: User) -> None:
    anas, bens = signed_in(ana), signed_in(ben)
    assert "Read a file" in words(anas.get(PAGE))
    assert "Read a file" not in words(bens.get(PAGE))

    page = words(check(anas))
    assert "These balances would open the books. Nothing is written yet." in page
    assert "$1,000.00" in page
    assert "Dahlia&#x27;s Hope" in page
    assert not Opening.objects.exists()
    row = proposed(anas)
    assert "another person decides" in words(anas.get(PAGE))
    assert anas.post(f"{PAGE}{row.pk}/approve/", signed(anas)).status_code == 403
    assert "Decide on the opening balances" in words(bens.get("/desk/"))

    page = words(bens.post(f"{PAGE}{row.pk}/approve/", signed(bens), follow=True))

    assert "The books are open." in page
    assert "In the books" in page
    assert (balance("bank", "bank:901"), balance("payable", Partner.objects.get().owner)) == (90_000, -25_000)
    public = words(Client().get("/partners/dahlias-hope/"))
    assert 'Owed from before 1 October 2026</dt><dd class="figure">$250.00' in public
    assert "Corrections" not in public


def test_a_file_that_does_not_fit_says_why_and_keeps_nothing(ana: User) -> None:
    bad = GOOD.replace("900.00", "899.00").replace("1050,,usd,100.00,", "1055,,usd,100.00,") + "9,,usd,1,\n"

    answer = check(signed_in(ana), bad)

    page = words(answer)
    assert answer.status_code == 400
    assert "1 of 5 rows is refused" in page
    assert "USD does not balance: debits $999.00, credits $1,000.00, $1.00 apart." in page
    assert "1050 in USD is $0.00 in the file; Stripe held $100.00 then." in page
    assert "the chart has no “9”" in page
    assert "Propose these balances" not in page
    assert not Opening.objects.exists()


@pytest.mark.parametrize(
    ("text", "why", "said"),
    [("x,y\n1,2\n", "Because.", "no column “account”"), (GOOD, "", "Say where these balances come from.")],
)
def test_mistakes_come_back_with_what_was_typed(ana: User, text: str, why: str, said: str) -> None:
    answer = check(signed_in(ana), text, why)

    assert answer.status_code == 400
    assert said in words(answer)
    assert f'value="{why}"' in words(answer) or not why


def test_without_stripes_answer_nothing_is_proposed(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(moment: Any) -> Any:
        raise StripeUnavailable("no answer")

    form = check(signed_in(ana)).context["form"].initial
    monkeypatch.setattr("partners.views.opening.ask_balance_at", silent)

    assert "Stripe could not be asked" in words(check(signed_in(ana)))
    page = words(signed_in(ana).post(f"{PAGE}propose/", form, follow=True))
    assert "Nothing was proposed. Stripe could not be asked" in page
    assert not Opening.objects.exists()


def test_refused_and_taken_back_by_the_pages(ana: User, ben: User) -> None:
    anas, bens = signed_in(ana), signed_in(ben)
    row = proposed(anas)
    assert bens.post(f"{PAGE}{row.pk}/refuse/", {"reason": ""}).status_code == 400
    assert "Refused. It can be proposed again." in words(
        bens.post(f"{PAGE}{row.pk}/refuse/", {"reason": "Rent is missing."}, follow=True)
    )

    row = proposed(anas)
    bens.post(f"{PAGE}{row.pk}/approve/", signed(bens))
    assert anas.post(f"{PAGE}{row.pk}/take-back/", {"why": ""}).status_code == 400
    page = words(anas.post(f"{PAGE}{row.pk}/take-back/", {"why": "Wrong year."}, follow=True))
    assert "Take them back?" in page
    assert "another person decides" in page
    page = words(bens.post(f"{PAGE}{row.pk}/approve/", signed(bens), follow=True))

    assert "Taken back. Other balances can be proposed." in page
    assert (balance("bank", "bank:901"), Entry.objects.count()) == (0, 2)


def test_what_was_not_seen_is_not_approved(ana: User, ben: User) -> None:
    row = proposed(signed_in(ana))

    page = words(signed_in(ben).post(f"{PAGE}{row.pk}/approve/", {"content_hash": "0" * 64}, follow=True))

    assert "The balances changed since you opened them." in page
    assert not Entry.objects.exists()


def test_before_anybody_said_a_day_the_page_says_what_to_do(ana: User, org: Any) -> None:
    type(org).objects.update(books_begin_on=None)

    assert "Nobody has said yet on which day the books begin" in words(signed_in(ana).get(PAGE))
    assert check(signed_in(ana)).status_code == 400


def test_at_most_fifteen_queries(ana: User, ben: User) -> None:
    client = signed_in(ben)
    row = proposed(signed_in(ana))
    for path in (PAGE, "/desk/"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        assert len(asked) <= 15, path
    client.post(f"{PAGE}{row.pk}/approve/", signed(client))
    with CaptureQueriesContext(connection) as asked:
        client.get(PAGE)
    assert len(asked) <= 15
