"""Prenotes: banks are asked whether accounts exist, their answer is waited for, and no call-back is saved by it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from partners.models import (
    AchEntry,
    AchFile,
    AchOriginator,
    Agreement,
    BankAccount,
    PayoutBatch,
    PayoutDestination,
    PayoutHold,
    PayoutPolicy,
    PrenoteOutcome,
)
from partners.operations.check_returns import check_returns
from partners.operations.import_returns import import_returns
from partners.operations.make_ach_file import (
    FileOutdated,
    NothingToWrite,
    NotPayable,
    download_ach_file,
    make_ach_file,
    make_prenote_file,
    never_asked,
)
from partners.operations.note_prenote import AlreadyNoted, NeverFetched, NoSuchCode, TooEarly, note_prenote
from partners.queries.eligible import eligible
from people.models import User
from tests.partners.money import earn
from tests.partners.return_files import entry, file_of
from tests.partners.test_ach import make, originator, waiting
from tests.partners.test_desk import signed_in, today, words
from tests.partners.test_destinations import LATER, call, enter
from tests.partners.test_races import at_once

pytestmark = pytest.mark.django_db
__all__ = ["originator", "today", "waiting"]
ON = date(2026, 10, 23)  # a Friday: three bank days later it is Wednesday the 28th
OVER = LATER + timedelta(days=6)


@pytest.fixture
def pending(valor: Agreement, originator: AchOriginator, ana: User) -> PayoutDestination:
    """Entered by Ana, not called back yet."""
    return enter(valor.partner, ana)


@pytest.fixture
def asked(pending: PayoutDestination, ana: User) -> AchEntry:
    """By a file that was fetched."""
    entry = make_prenote_file(by=ana, effective_on=ON, now=LATER).entries.get()
    download_ach_file(file_id=entry.file_id, by=ana, now=LATER)
    return entry


def why_not(agreement: Agreement, now: datetime) -> str:
    rows = eligible(as_of=date(2026, 10, 22), currency="usd", now=now)
    return next(row.why_not for row in rows if row.partner == agreement.partner)


def test_a_destination_that_waits_is_asked_about_and_waits_on(pending: PayoutDestination, ana: User, ben: User) -> None:
    asked = make_prenote_file(by=ana, effective_on=ON, now=LATER).entries.get()
    content = download_ach_file(file_id=asked.file_id, by=ana, now=LATER).decode().splitlines()

    assert content[2][:3] + content[2][29:39] == "6230000000000"
    assert PayoutHold.objects.get(lifted_at=None).reason == "destination"
    note_prenote(entry_id=asked.pk, code="", by=ben, now=OVER)
    assert PayoutHold.objects.get(lifted_at=None).reason == "destination", "only the call lifts it"
    with pytest.raises(NothingToWrite):
        make_prenote_file(by=ana, effective_on=ON, now=LATER)


def test_nothing_is_paid_before_the_bank_could_answer(asked: AchEntry, valor: Agreement, ben: User) -> None:
    earn(valor, 20000)
    call(asked.paid_to, ben)

    assert why_not(valor, LATER) == "Its bank was asked by a prenote: it is paid from 28 October 2026 on."
    assert why_not(valor, OVER) == ""
    PayoutPolicy.objects.update_or_create(pk=1, defaults={"prenote_wait_days": 0})
    assert why_not(valor, OVER - timedelta(days=4)) == ""


def test_a_file_that_nobody_fetched_asked_nothing(
    valor: Agreement, pending: PayoutDestination, ana: User, ben: User
) -> None:
    file = make_prenote_file(by=ana, effective_on=ON, now=LATER)
    earn(valor, 20000)
    call(pending, ben)
    assert why_not(valor, LATER) and not never_asked(ON), "its maker can still fetch it"

    assert why_not(valor, LATER + timedelta(days=2)) == "" and list(never_asked(ON + timedelta(days=1))) == [pending]
    with pytest.raises(NeverFetched):
        note_prenote(entry_id=file.entries.get().pk, code="", by=ben, now=OVER)
    with pytest.raises(FileOutdated):
        download_ach_file(file_id=file.pk, by=ana, now=OVER)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert list(never_asked(ON)) == [pending], "its maker is gone"


def test_a_batch_proposed_before_the_prenote_waits_for_the_answer(
    waiting: PayoutBatch, originator: AchOriginator, ana: User, ben: User
) -> None:
    prenotes = make_prenote_file(by=ben, effective_on=ON, now=LATER)
    download_ach_file(file_id=prenotes.pk, by=ben, now=LATER)

    with pytest.raises(NotPayable, match="asked by a prenote: wait until 28 October 2026"):
        make(waiting, ana)

    file = make_ach_file(batch_id=waiting.pk, by=ana, effective_on=OVER.date(), now=OVER)
    assert download_ach_file(file_id=file.pk, by=ana, now=OVER)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_ask_each_bank_once(pending: PayoutDestination, ana: User) -> None:
    steps = [lambda: make_prenote_file(by=ana, effective_on=ON, now=LATER)] * 2

    results = at_once(*steps)

    assert AchEntry.objects.count() == 1 and any(isinstance(one, NothingToWrite) for one in results), results


def test_that_nothing_came_back_is_known_after_its_days(asked: AchEntry, ben: User) -> None:
    with pytest.raises(TooEarly, match="until 28 October 2026"):
        note_prenote(entry_id=asked.pk, code=" ", by=ben, now=LATER)

    note_prenote(entry_id=asked.pk, code="", by=ben, now=OVER)

    with pytest.raises(AlreadyNoted):
        note_prenote(entry_id=asked.pk, code="", by=ben, now=OVER)
    with pytest.raises(IntegrityError), transaction.atomic():
        PrenoteOutcome.objects.update(code="R03")


@pytest.mark.parametrize("by_file", [True, False])
def test_an_answer_after_its_days_still_holds_the_partner(
    asked: AchEntry, checking: BankAccount, ana: User, ben: User, *, by_file: bool
) -> None:
    call(asked.paid_to, ben)
    note_prenote(entry_id=asked.pk, code="", by=ben, now=OVER)

    if by_file:
        late = file_of(entry("091000010000001", 0, "R03"))
        file = check_returns(account=checking, file_name="r.ach", content=late, by=ana, now=OVER)
        assert file.rows.get().verdict == "returned"
        import_returns(file_id=file.pk, by=ana, now=OVER)
    else:
        note_prenote(entry_id=asked.pk, code="R03", by=ana, now=OVER)

    assert PayoutHold.objects.get(lifted_at=None).reason == "notice"
    assert AchEntry.objects.get().outcome == PrenoteOutcome.objects.get(code="R03")
    with pytest.raises(AlreadyNoted):
        note_prenote(entry_id=asked.pk, code="R04", by=ana, now=OVER)


def test_a_code_holds_the_partner_until_other_details_are_called_back(asked: AchEntry, ana: User, ben: User) -> None:
    call(asked.paid_to, ben)
    with pytest.raises(NoSuchCode):
        note_prenote(entry_id=asked.pk, code="X1", by=ana, now=LATER)

    note_prenote(entry_id=asked.pk, code="r04", by=ana, now=LATER)

    hold = PayoutHold.objects.get(lifted_at=None)
    assert (hold.reason, PrenoteOutcome.objects.get().code) == ("notice", "R04")
    call(enter(asked.paid_to.partner, ana), ben)
    assert not PayoutHold.objects.filter(lifted_at=None).exists()


def test_a_file_of_returns_answers_a_prenote_once(asked: AchEntry, checking: BankAccount, ana: User) -> None:
    def check(code: str) -> Any:
        content = file_of(entry("091000010000001", 0, code, "000123450042"))
        return check_returns(account=checking, file_name="r.ach", content=content, by=ana, now=LATER)

    import_returns(file_id=check("C01").pk, by=ana, now=LATER)

    assert PrenoteOutcome.objects.get().code == "C01"
    assert check("R03").rows.get().problem == "Noted before: C01."


def test_prenotes_through_the_pages(
    pending: PayoutDestination,
    ana: User,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    monkeypatch.setattr("people.clock.now", lambda: LATER)
    client, page = signed_in(ana), "/desk/payouts/prenotes/"
    assert "Commerce Bank, ending 6789, waits for its call-back" in words(client.get(page))

    client.post(f"{page}make/", {"effective_on": "2026-10-23"})
    with django_assert_max_num_queries(15):
        shown = words(client.get(page))
    assert "Every ACH account was asked about" in shown and "28 October 2026" in shown
    fetched = client.post(f"/desk/payouts/ach-files/{AchFile.objects.get().pk}/")
    assert fetched.content.startswith(b"101 091000019")
    early = words(client.post(f"{page}{AchEntry.objects.get().pk}/note/", {"code": ""}, follow=True))
    assert "The bank may answer until 28 October 2026" in early
    noted = words(client.post(f"{page}{AchEntry.objects.get().pk}/note/", {"code": "R03"}, follow=True))
    assert "Noted. The partner is on hold." in noted and "R03" in noted
