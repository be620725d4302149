"""What no books may take is refused by a named error that says the offending value, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from ledger import closing, manual_entries
from ledger.closing import WrongState
from ledger.drafts import PostingDraft
from ledger.exports.formats import Format
from ledger.manual_entries import Content, MonthClosed
from ledger.operations.approve_change import approve_change
from ledger.operations.approve_manual_entry import approve_manual_entry
from ledger.operations.export_books import AlreadyExported, export_books
from ledger.operations.post_entry import BadPosting, Conflict, NoSuchMonth, UnknownAccount
from ledger.operations.propose_close import propose_close
from ledger.operations.propose_manual_entry import File, propose_manual_entry
from ledger.operations.soft_close import soft_close
from people.models import Approval, Organisation, User
from tests.ledger.closing import close, person
from tests.ledger.facts import NOW, account, entry, post, sale
from tests.ledger.raw import as_owner, check_at_commit

OCTOBER = 202610


@pytest.fixture(autouse=True)
def organisation(books: None) -> Organisation:
    return Organisation.objects.create(display_name="Tassel Collective")


@pytest.fixture
def ana(db: None) -> User:
    return person("ana")


def written() -> dict[str, list[Any]]:
    """Every row of the ledger and every approval."""
    models = [*apps.get_app_config("ledger").get_models(), Approval]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}


def refused(error: type[Exception], said: str, attempt: Callable[[], object]) -> None:
    """The attempt raises this error with these words, and leaves everything as it was."""
    before = written()

    with pytest.raises(error) as caught:
        attempt()

    assert said in str(caught.value)
    assert written() == before


def by_hand(ana: User, amount: int = 5, currency: str = "usd", debit: str = "bank", day: int = 19) -> Any:
    postings = (PostingDraft(account(debit), account("suspense"), amount),)
    content = Content("correction", "A letter says so.", date(2026, 10, day), currency, postings)
    return propose_manual_entry(content=content, files=(File("letter.txt", b"so"),), by=ana, now=NOW)


@pytest.mark.parametrize(
    ("debit", "said"), [("petty_cash", "'petty_cash'"), ("payable", "2110"), ("clearing/partner:1", "'partner:1'")]
)
def test_unknown_account(debit: str, said: str) -> None:
    refused(UnknownAccount, said, lambda: post(entry("k", (debit, "suspense", 5))))


@pytest.mark.parametrize("currency", ["USD", "dollars", "zzz", "", "us"])
def test_what_is_no_currency(ana: User, currency: str) -> None:
    refused(BadPosting, f"k: {currency!r} is not", lambda: post(entry("k", ("bank", "suspense", 5), currency=currency)))


def test_fact_told_again_in_another_currency() -> None:
    """A posting beside accounts of another currency is the database's to refuse: test_guards."""
    post(sale())

    refused(Conflict, "stripe:charge:ch_1:sale is entry", lambda: post(sale(currency="eur")))


@pytest.mark.parametrize("amount", [0, -5, 1.5, True, "5", None])
def test_amount_that_is_not_above_zero(amount: Any) -> None:
    refused(BadPosting, f"above zero, not {amount!r}", lambda: post(entry("k", ("bank", "suspense", amount))))


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"amount": 0}, BadPosting, "not 0"),
        ({"amount": -5}, BadPosting, "not -5"),
        ({"debit": "petty_cash"}, UnknownAccount, "'petty_cash'"),
        ({"currency": "zzz"}, BadPosting, "'zzz'"),
    ],
)
def test_entry_by_hand_is_refused_when_it_is_proposed(
    ana: User, change: dict[str, Any], error: type[Exception], said: str
) -> None:
    refused(error, said, lambda: by_hand(ana, **change))


def test_closed_month_takes_no_entry_by_hand(ana: User) -> None:
    post(sale())
    check_at_commit()
    close(OCTOBER)

    refused(MonthClosed, "2026-10-19 is closed", lambda: by_hand(ana))


def test_fact_for_which_no_month_is_open() -> None:
    as_owner("UPDATE ledger_period SET state = 'closed' WHERE yyyymm >= %s", OCTOBER)

    refused(NoSuchMonth, "stripe:charge:ch_1:sale: no month takes 2026-10-20", lambda: post(sale()))


def test_closed_month_is_not_closed_again_by_one_person(ana: User) -> None:
    post(sale())
    check_at_commit()
    close(OCTOBER)

    refused(WrongState, "202610 is closed", lambda: soft_close(yyyymm=OCTOBER, by=ana, now=NOW))


def test_proposer_does_not_approve_their_own_entry(ana: User) -> None:
    row = by_hand(ana)
    seen = Approval.objects.get().subject_hash

    refused(
        manual_entries.SamePerson,
        f"changed {row.ref}",
        lambda: approve_manual_entry(manual_entry_id=row.pk, by=ana, content_hash=seen, now=NOW),
    )


def test_proposer_does_not_approve_their_own_close(ana: User) -> None:
    soft_close(yyyymm=OCTOBER, by=ana, now=NOW)
    asked = propose_close(yyyymm=OCTOBER, by=ana, now=NOW)

    refused(
        closing.SamePerson,
        "ledger:close:202610",
        lambda: approve_change(subject=asked.subject, by=ana, content_hash=asked.subject_hash, now=NOW),
    )


@pytest.mark.django_db(transaction=True)
def test_range_that_was_exported_before(tmp_path: Path) -> None:
    post(sale(), sale("ch_2"))
    again: dict[str, Any] = {"form": Format.HLEDGER, "currency": "usd", "actor": "user:3", "now": NOW}
    export_books(folder=tmp_path / "first", **again)
    before = written()

    with pytest.raises(AlreadyExported, match=r"Entries up to 2 went to hledger \(usd\) before, so not again from 1"):
        export_books(folder=tmp_path / "second", from_seq=0, to_seq=2, **again)

    assert written() == before
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize("day", [date(1999, 12, 31), date(2199, 1, 1)])
def test_month_without_a_row(ana: User, day: date) -> None:
    refused(NoSuchMonth, f"ch_1:sale: no month takes {day.isoformat()}", lambda: post(sale(effective_on=day)))
    month = day.year * 100 + day.month
    refused(closing.NoSuchMonth, str(month), lambda: soft_close(yyyymm=month, by=ana, now=NOW))
