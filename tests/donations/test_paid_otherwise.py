"""A payment that is not the gift that was asked for: in suspense, named, and given back from there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client

from donations import desk_tasks
from donations.models import Gift, GiftRefund
from donations.operations.dispute_gift import lose_gift_dispute, open_gift_dispute, win_gift_dispute
from donations.operations.record_gift import record_gift
from donations.operations.record_gift_refund import record_gift_refund
from donations.operations.undo_gift_refund import undo_gift_refund
from donations.outcomes import Outcome
from donations.refunding import money_left, payment_of
from ledger.drafts import AccountRef
from ledger.models import Entry, ReconciliationException
from ledger.operations.resolve_exception import resolve_exception
from ledger.queries import balance
from partners.models import Allocation, Hold, Partner
from payments.facts import DisputeLost, DisputeOpened, DisputeWon, RefundFailed, RefundMade
from payments.models import Charge
from people.models import Mail
from tests.by_hand import book
from tests.donations.conftest import checkout_paid
from tests.green_books import what_is_wrong
from tests.partners.conftest import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("promises")]


def open_now() -> list[tuple[str, str, int | None]]:
    rows = ReconciliationException.objects.filter(resolved_at__isnull=True)
    return list(rows.values_list("kind", "subject", "amount_minor"))


def about(gift: Gift, at: datetime, amount: int, cause: str, charge: str = "ch_1") -> dict[str, Any]:
    return {
        "kind": "gift", "subject": gift.ref, "charge_ref": f"stripe:charge:{charge}", "cause_ref": cause,
        "currency": "usd", "amount_minor": amount, "at": at,
    }  # fmt: skip


@pytest.fixture
def aside(gift: Gift, now: datetime) -> Gift:
    """2400 came for a gift of 2500."""
    assert record_gift(checkout_paid(gift, now, total_minor=2400), now=now) is Outcome.MISMATCH
    gift.refresh_from_db()
    return gift


@pytest.mark.parametrize("changes", [{"total_minor": 2400}, {"currency": "eur"}])
def test_what_was_not_asked_for_is_in_suspense_and_no_gift(gift: Gift, now: datetime, changes: dict[str, Any]) -> None:
    fact = checkout_paid(gift, now, **changes)
    outcomes = [record_gift(fact, now=now) for _ in range(2)]

    gift.refresh_from_db()
    assert outcomes == [Outcome.MISMATCH, Outcome.ALREADY_RECORDED]
    assert (gift.state, gift.supporter, gift.charge_ref) == ("aside", None, fact.charge_ref)
    assert (balance("suspense", currency=fact.currency), Allocation.objects.count()) == (-fact.total_minor, 0)
    assert open_now() == [("gift_payment_differs", fact.charge_ref, fact.total_minor)]
    assert not Mail.objects.exists()


def test_a_second_charge_leaves_the_gift_as_it_is(gift: Gift, now: datetime) -> None:
    record_gift(checkout_paid(gift, now), now=now)
    second = checkout_paid(gift, now, charge_ref="stripe:charge:ch_2")
    outcomes = [record_gift(second, now=now) for _ in range(2)]
    back = about(gift, now, 2500, "stripe:refund:re_1", "ch_2")

    assert record_gift_refund(RefundMade(**back, request_ref=""), now=now) is Outcome.REFUNDED

    gift.refresh_from_db()
    assert outcomes == [Outcome.MISMATCH, Outcome.ALREADY_RECORDED]
    assert (gift.state, gift.charge_ref, gift.refunded_minor) == ("paid", "stripe:charge:ch_1", 0)
    assert (money_left(gift, payment_of(gift)), balance("suspense"), open_now()) == (2500, 0, [])
    assert what_is_wrong() == []


def test_it_goes_back_out_of_suspense_and_is_owed_again_when_it_fails(aside: Gift, now: datetime) -> None:
    part = RefundMade(**about(aside, now, 400, "stripe:refund:re_1"), request_ref="")
    rest = about(aside, now, 2000, "stripe:refund:re_2")
    outcomes = [record_gift_refund(fact, now=now) for fact in (part, part)]
    named = open_now()
    record_gift_refund(RefundMade(**rest, request_ref=""), now=now)
    closed = (balance("suspense"), open_now())

    assert undo_gift_refund(RefundFailed(**rest, request_ref=""), now=now) is Outcome.REFUND_FAILED

    assert outcomes == [Outcome.REFUNDED, Outcome.ALREADY_KNOWN]
    assert [amount for _, _, amount in named] == [2000]
    assert closed == (0, [])
    assert (balance("suspense"), open_now()) == (-2000, named)
    assert list(Mail.objects.order_by("pk").values_list("to", "subject")) == [
        ("ada@example.org", "We gave $4.00 back"), ("ada@example.org", "We gave $20.00 back")
    ]  # fmt: skip
    assert what_is_wrong() == []


@pytest.mark.parametrize("end", ["won", "lost", "lost, then won"])
def test_a_bank_that_takes_it_back_holds_no_share(aside: Gift, now: datetime, end: str) -> None:
    told = about(aside, now, 2400, "stripe:dispute:dp_1")
    open_gift_dispute(DisputeOpened(**told, reason="fraudulent", answer_by=now), now=now)

    if end.startswith("lost"):
        lose_gift_dispute(DisputeLost(**told), now=now)
    if end.endswith("won"):
        win_gift_dispute(DisputeWon(**told), now=now)

    kept = -2400 if end.endswith("won") else 0
    assert (balance("suspense"), Hold.objects.count(), Entry.objects.filter(kind="gift").count()) == (kept, 0, 0)
    assert len(open_now()) == (1 if kept else 0)


def test_staff_read_what_it_is_in_few_queries(
    aside: Gift, client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    record_gift_refund(RefundMade(**about(aside, now, 400, "stripe:refund:re_1"), request_ref=""), now=now)
    user = person("care@tassel.example", "donor care")
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    client.force_login(user)

    with django_assert_max_num_queries(15):
        page = client.get(f"/desk/gifts/{aside.pk}/").content.decode()

    assert "What was paid is $24.00, not what was asked for." in page
    assert "Up to $20.00 can go back" in page
    assert "It was no gift, so no partner has a share of it." in page


def test_a_refund_of_what_the_bank_has_taken_is_our_loss_and_named(gift: Gift, now: datetime) -> None:
    record_gift(checkout_paid(gift, now), now=now)
    taken = about(gift, now, 2500, "stripe:dispute:dp_1")
    open_gift_dispute(DisputeOpened(**taken, reason="fraudulent", answer_by=now), now=now)
    back = about(gift, now, 1000, "stripe:refund:re_1")

    record_gift_refund(RefundMade(**back, request_ref=""), now=now)
    named = open_now()
    lose_gift_dispute(DisputeLost(**taken), now=now)
    gift.refresh_from_db()
    left_minor, owed = money_left(gift, payment_of(gift)), balance("payable", Partner.objects.all()[0].owner)
    undo_gift_refund(RefundFailed(**back, request_ref=""), now=now)

    surplus = GiftRefund.objects.get(cause="refund")
    assert (surplus.gift_minor, surplus.cover_minor, surplus.surplus_minor) == (0, 0, 1000)
    assert named == [("refund_above_payment", "stripe:refund:re_1", 1000)]
    assert (gift.refunded_minor, left_minor, owed) == (2500, 0, 0)
    assert (balance("chargebacks"), open_now()) == (0, [])
    assert what_is_wrong() == []


@pytest.mark.parametrize("names_it", [True, False])
def test_what_was_booked_by_hand_is_not_given_back_as_well(
    aside: Gift, client: Client, now: datetime, names_it: bool
) -> None:
    given, charge = AccountRef("contributions", f"fund:{aside.fund.slug}"), "stripe:charge:ch_1"
    row = book(AccountRef("suspense"), given, 2400, now=now, about=charge if names_it else "")
    care = person("care@tassel.example", "donor care")
    Authenticator.objects.create(user=care, type="totp", data={"secret": "x"})
    settles = {"resolution": "corrected", "entry_key": row.ref, "reason": "Booked."}
    resolve_exception(exception_id=ReconciliationException.objects.get().pk, by=care, now=now, **settles)
    client.force_login(care)

    page = client.get(f"/desk/gifts/{aside.pk}/").content.decode()
    record_gift_refund(RefundMade(**about(aside, now, 2400, "stripe:refund:re_1"), request_ref=""), now=now)

    assert "Nothing of it waits in suspense" in page and "can go back" not in page
    assert money_left(aside, payment_of(aside)) == 0
    assert open_now() == [("suspense_taken_out_twice", charge, 2400)]
    book(given, AccountRef("suspense"), 2400, now=now, about=charge)
    assert balance("suspense") == 0


def test_the_desk_tells_a_refund_in_the_currency_of_its_payment(gift: Gift, now: datetime) -> None:
    record_gift(checkout_paid(gift, now, currency="eur"), now=now)
    Charge.objects.update(currency="eur")

    record_gift_refund(
        RefundMade(**{**about(gift, now, 2500, "stripe:refund:re_1"), "currency": "eur"}, request_ref=""), now=now
    )

    (task,) = desk_tasks.waiting(now)
    assert task.detail.startswith("€25.00")


@pytest.mark.parametrize(
    ("table", "column"),
    [("donations_giftrefund", "aside_of"), ("ledger_manualentry", "about"), ("ledger_manualentry", "form_key")],
)
def test_who_does_not_know_a_new_column_can_still_write_rows(table: str, column: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_default FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
            [table, column],
        )
        (default,) = cursor.fetchone()

    assert default == "''::character varying"


def test_what_the_bank_and_a_refund_both_took_out_of_suspense_is_named_as_such(aside: Gift, now: datetime) -> None:
    taken = about(aside, now, 2400, "stripe:dispute:dp_1")
    open_gift_dispute(DisputeOpened(**taken, reason="fraudulent", answer_by=now), now=now)
    lose_gift_dispute(DisputeLost(**taken), now=now)

    record_gift_refund(RefundMade(**about(aside, now, 1000, "stripe:refund:re_1"), request_ref=""), now=now)

    assert open_now() == [("suspense_taken_out_twice", "stripe:charge:ch_1", 1000)]
