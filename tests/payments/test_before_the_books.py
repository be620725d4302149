"""Stripe was used before Tassel: what it booked then is in the opening balances, and in nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ledger.models import Entry, Opening
from ledger.openings import current_hash
from ledger.operations.approve_opening import approve_opening
from ledger.operations.begin_books import begin_books
from ledger.queries import balance
from payments.books import CHECKS
from payments.models import BalanceTransaction
from payments.operations.ask_balance_at import ask_balance_at
from payments.operations.list_balance_transactions import list_balance_transactions
from people import clock
from people.models import Organisation, User
from people.queries import books_begin_at, local_day
from tests.another_system import join, price
from tests.local_stripe import LocalStripe
from tests.partners.conftest import person
from tests.payments.test_balance_with_sandbox import compared, process
from tests.payments.test_with_sandbox import months, order

__all__ = ["months", "order"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("months", "told", "order")]


@pytest.fixture
def old_money(sandbox: LocalStripe) -> LocalStripe:
    """Another system sold for $51.86 and $20.00; the books begin on the day after, when $10.00 more were sold."""
    foreign_charge(5186)
    foreign_charge(2000)
    sandbox.settle()
    sandbox.advance(days=1, hours=1)
    begin_books(on=local_day(clock.now()), now=clock.now())
    sandbox.advance(hours=1)
    foreign_charge(1000)
    sandbox.settle()
    return sandbox


def foreign_charge(amount_minor: int) -> None:
    """As another system takes it: nothing of ours in its metadata."""
    join(price(amount_minor))


def found() -> dict[str, list[str]]:
    return {check.name: said for check in CHECKS if (said := list(check.find()))}


def net(*, before: bool) -> int:
    return sum(row.net_minor for row in BalanceTransaction.objects.filter(before_books=before))


def test_what_went_before_is_kept_and_not_posted(old_money: LocalStripe) -> None:
    assert list_balance_transactions(now=clock.now()).new == 3

    assert [row.entry_id is None for row in BalanceTransaction.objects.order_by("created_at", "id")] == [
        True,
        True,
        False,
    ]
    assert balance("stripe_balance") == net(before=False)
    assert found() == {}


def test_stripes_balance_at_the_beginning_is_figured_from_now(old_money: LocalStripe) -> None:
    begin_at = books_begin_at()
    assert begin_at is not None

    asked = ask_balance_at(moment=begin_at)

    list_balance_transactions(now=clock.now())
    assert asked == {"usd": net(before=True)}
    assert net(before=True) > 0


def test_opened_with_it_the_books_agree_with_stripe(old_money: LocalStripe) -> None:
    opened(old_money)

    list_balance_transactions(now=clock.now())
    assert compared() == [("usd", balance("stripe_balance"), 0)]
    assert found() == {}


def opened(stripe: LocalStripe) -> Opening:
    ana, ben = person("ana@tassel.example", "finance preparer"), person("ben@tassel.example", "finance approver")
    path = written(stripe, begin_balance())
    call_command("open_books", path, "--apply", "--by", ana.email, "--why", "Trial balance.")
    row = Opening.objects.get()
    return approve_opening(opening_id=row.pk, by=ben, content_hash=current_hash(row), now=clock.now())


def begin_balance() -> int:
    begin_at = books_begin_at()
    assert begin_at is not None
    return ask_balance_at(moment=begin_at)["usd"]


def written(stripe: LocalStripe, stripe_minor: int) -> Path:
    figure = f"{stripe_minor // 100}.{stripe_minor % 100:02}"
    path = stripe.clock_file.with_name("old-books.csv")
    path.write_text(f"account,owner,currency,debit,credit\n1050,,usd,{figure},\n3010,,usd,,{figure}\n")
    return path


def test_a_payout_of_old_money_is_made_of_its_parts(old_money: LocalStripe) -> None:
    opened(old_money)
    old_money.advance(days=8)
    old_money.do("payouts")
    old_money.advance(days=4)

    list_balance_transactions(now=clock.now())
    process()

    assert compared() == [("usd", balance("stripe_balance"), 0)]
    assert found() == {}


def test_the_first_listing_begins_with_the_books_however_late_it_comes(old_money: LocalStripe) -> None:
    old_money.advance(days=9)

    list_balance_transactions(now=clock.now())

    assert BalanceTransaction.objects.filter(before_books=False).count() == 1


def test_a_day_that_was_said_wrong_can_be_said_again(old_money: LocalStripe) -> None:
    list_balance_transactions(now=clock.now())
    begin_books(on=local_day(clock.now()) - timedelta(days=3), now=clock.now())

    list_balance_transactions(now=clock.now())

    assert not BalanceTransaction.objects.filter(before_books=True).exists()
    assert (balance("stripe_balance"), found()) == (net(before=False), {})


def test_the_command_writes_nothing_unless_told(old_money: LocalStripe, capsys: Any, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"

    call_command("open_books", written(old_money, begin_balance()), "--report", report)

    said = capsys.readouterr().out
    assert "1050  Stripe balance" in said
    assert "Nothing was written." in said
    assert report.read_text().splitlines()[0] == "line,verdict,problem,row,currency,debit_minor,credit_minor"
    assert not Opening.objects.exists()


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("account,owner\n1,2\n", [], "no column “currency”"),
        ("account,owner,currency,debit,credit\n1050,,usd,1.00,\n3010,,usd,,1.00\n", [], "Stripe held"),
        ("{}", ["--apply", "--why", "x"], "no member of staff"),
        ("{}", ["--apply", "--by", "ana@tassel.example"], "Say where these balances come from"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_done(
    old_money: LocalStripe, text: str, options: list[str], why: str
) -> None:
    person("ana@tassel.example", "finance preparer")
    path = written(old_money, begin_balance())
    if text != "{}":
        path.write_text(text)

    with pytest.raises(CommandError, match=why):
        call_command("open_books", path, *options)
    assert (Opening.objects.count(), Entry.objects.count()) == (0, 0)


def test_no_file_no_day_no_stripe(sandbox: LocalStripe, settings: Any, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("open_books", tmp_path / "none.csv")
    (tmp_path / "some.csv").write_text("x")
    with pytest.raises(CommandError, match="Say first on which day"):
        call_command("open_books", tmp_path / "some.csv")
    with pytest.raises(CommandError, match="is not a day such as"):
        call_command("begin_books", "1/1/2027")

    call_command("begin_books", "2026-01-01")
    assert Organisation.objects.get().books_begin_on is not None
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="Stripe could not be asked"):
        call_command("open_books", tmp_path / "some.csv")
    assert not User.objects.exists()
