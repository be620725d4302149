"""Gifts given back: split over gift and fee cover, of a plan too, seen in My giving, asked for at the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.test import Client

from donations import desk_tasks
from donations.models import Fund, Gift, GiftRefund, Plan
from donations.operations import send_gift_refunds as send_module
from donations.operations.dispute_gift import lose_gift_dispute, open_gift_dispute, win_gift_dispute
from donations.operations.record_gift import record_gift
from donations.operations.record_gift_refund import record_gift_refund
from donations.operations.record_plan_gift import record_plan_gift
from donations.operations.request_gift_refund import AmountNotTaken, Disputed, request_gift_refund
from donations.operations.undo_gift_refund import undo_gift_refund
from donations.outcomes import Outcome
from donations.queries import giving_of
from donations.subjects import GiftNotBooked
from ledger.models import ReconciliationException
from ledger.queries import balance
from partners.models import AllocationReversal, Hold, Partner
from payments.facts import DisputeLost, DisputeOpened, DisputeWon, RefundFailed, RefundMade
from payments.models import Charge
from payments.operations.record_returns import record_returns
from payments.operations.refund_charge import RefundRequest
from payments.readings import DisputeSeen, ReturnsSeen
from people import clock, history
from people.models import Mail, Supporter, User
from tests.donations.conftest import checkout_paid, invoice_paid
from tests.green_books import what_is_wrong
from tests.partners.conftest import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("promises")]


@pytest.fixture
def covered(promises: list[Partner], fund: Fund, now: datetime) -> Gift:
    """10256, of which 256 cover the fee, paid."""
    gift = Gift.objects.create(
        attempt_key="gift:covered:1", token_hash="1" * 64, email="ada@example.org", name="Ada", fund=fund,
        charged_minor=10256, fee_cover_minor=256, currency="usd", asked_at=now,
    )  # fmt: skip
    with transaction.atomic():
        record_gift(checkout_paid(gift, now), now=now)
    gift.refresh_from_db()
    return gift


def about(gift: Gift, at: datetime, amount: int, cause: str = "stripe:refund:re_1") -> dict[str, Any]:
    return {
        "kind": "gift", "subject": gift.ref, "charge_ref": gift.charge_ref, "cause_ref": cause, "currency": "usd",
        "amount_minor": amount, "at": at,
    }  # fmt: skip


def refunded(gift: Gift, at: datetime, amount: int, **changes: Any) -> RefundMade:
    return RefundMade(**{**about(gift, at, amount), "request_ref": "", **changes})


def taken_back() -> list[int]:
    return list(AllocationReversal.objects.values_list("amount_minor", flat=True))


def test_a_refund_is_split_over_gift_and_cover_and_only_the_gift_takes_shares_back(
    covered: Gift, now: datetime
) -> None:
    assert record_gift_refund(refunded(covered, now, 2000), now=now) is Outcome.REFUNDED
    assert record_gift_refund(refunded(covered, now, 2000), now=now) is Outcome.ALREADY_KNOWN

    refund = GiftRefund.objects.get()
    assert (refund.gift_minor, refund.cover_minor) == (1950, 50)
    assert taken_back() == [780, 780]
    assert (balance("contributions", f"fund:{covered.fund.slug}"), balance("cover")) == (-8050, -206)
    assert Mail.objects.filter(subject="We gave $20.00 of your gift back").count() == 1


def test_the_rest_of_it_takes_back_exactly_the_rest_and_a_failure_gives_it_again(covered: Gift, now: datetime) -> None:
    record_gift_refund(refunded(covered, now, 2000), now=now)
    rest = about(covered, now, 8256, "stripe:refund:re_2")

    record_gift_refund(RefundMade(**rest, request_ref=""), now=now)
    covered.refresh_from_db()
    whole = covered.refunded_minor
    outcomes = [undo_gift_refund(RefundFailed(**rest, request_ref=""), now=now) for _ in range(2)]

    assert whole == 10256
    assert outcomes == [Outcome.REFUND_FAILED, Outcome.ALREADY_KNOWN]
    assert taken_back() == [780, 780, 3220, 3220, -3220, -3220]
    covered.refresh_from_db()
    assert covered.refunded_minor == 2000


def test_a_month_of_a_plan_is_given_back(new_plan: Callable[..., Plan], now: datetime) -> None:
    plan = new_plan()
    record_plan_gift(invoice_paid(plan, now), now=now)
    gift = Gift.objects.get(plan=plan)

    record_gift_refund(refunded(gift, now, 2500, kind="plan", subject=plan.ref), now=now)

    assert taken_back() == [1000, 1000]
    assert balance("contributions", f"fund:{gift.fund.slug}") == 0


def test_a_refund_that_is_heard_of_before_its_gift_waits(gift: Gift, now: datetime) -> None:
    gift.charge_ref = "stripe:charge:ch_1"

    with pytest.raises(GiftNotBooked):
        record_gift_refund(refunded(gift, now, 100), now=now)

    assert not GiftRefund.objects.exists()


@pytest.mark.parametrize("won", [True, False])
def test_a_disputed_gift_is_held_and_then_given_again_or_lost(covered: Gift, now: datetime, won: bool) -> None:
    told = about(covered, now, 10256, "stripe:dispute:dp_1")
    open_gift_dispute(DisputeOpened(**told, reason="fraudulent", answer_by=now), now=now)
    held = list(Hold.objects.values_list("amount_minor", flat=True))

    end = win_gift_dispute(DisputeWon(**told), now=now) if won else lose_gift_dispute(DisputeLost(**told), now=now)

    partner = Partner.objects.get(slug="dahlias-hope").owner
    assert held == [4000, 4000]
    assert end is (Outcome.DISPUTE_WON if won else Outcome.DISPUTE_LOST)
    assert (balance("held", partner), balance("payable", partner)) == (0, -4000 if won else 0)
    assert (balance("disputes"), balance("cover")) == ((0, -256) if won else (-10256, 0))


def test_my_giving_says_what_was_given_back(covered: Gift, now: datetime, client: Client) -> None:
    record_gift_refund(refunded(covered, now, 2000), now=now)
    assert covered.supporter is not None
    covered.supporter.user = User.objects.create_user("ada@example.org")
    covered.supporter.save()
    client.force_login(covered.supporter.user)

    page = client.get("/my/").content.decode()

    assert "$20.00 of it was given back." in page
    assert "Given back to you" in page and "$19.50" in page
    assert "$82.56 in " in page


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, now: datetime) -> list[RefundRequest]:
    """Stripe makes each refund that is asked for."""
    requests: list[RefundRequest] = []

    def refund(*, request: RefundRequest, now: datetime) -> None:
        requests.append(request)
        gift = Gift.objects.get(charge_ref=request.charge_ref)
        made = refunded(gift, now, request.amount_minor, request_ref=request.request_ref)
        with transaction.atomic():
            record_gift_refund(made, now=now)

    monkeypatch.setattr(send_module, "refund_charge", refund)
    return requests


@pytest.mark.django_db(transaction=True)
def test_staff_give_a_gift_back_once_and_never_more_than_is_left(covered: Gift, asked: list[RefundRequest]) -> None:
    user = person("care@tassel.example", "donor care")
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    desk, page = Client(), f"/desk/gifts/{covered.pk}/"
    desk.force_login(user)

    for _ in range(2):
        assert desk.post(f"{page}refund/", {"amount": "20", "form_key": "once"}).status_code == 302
    too_much = desk.post(f"{page}refund/", {"amount": "82.57"})

    assert [request.amount_minor for request in asked] == [2000]
    assert (too_much.status_code, "At most $82.56" in too_much.content.decode()) == (400, True)
    assert "$20.00 of it went back" in desk.get(page).content.decode()


@pytest.mark.django_db(transaction=True)
def test_thousandths_that_stripe_does_not_take_are_refused_before_any_call(
    covered: Gift, asked: list[RefundRequest]
) -> None:
    Charge.objects.update(currency="kwd")

    with pytest.raises(AmountNotTaken):
        request_gift_refund(gift_id=covered.pk, amount_minor=1235, by=person("care@tassel.example"), now=clock.now())

    assert (asked, GiftRefund.objects.count()) == ([], 0)


@pytest.mark.django_db(transaction=True)
def test_a_gift_that_the_bank_has_taken_back_is_not_refunded_as_well(
    covered: Gift, asked: list[RefundRequest], now: datetime
) -> None:
    seen = dispute(10256, now)
    with transaction.atomic():
        record_returns(Charge.objects.get(), ReturnsSeen(refunds=(), disputes=(seen,)))

    with pytest.raises(Disputed):
        request_gift_refund(gift_id=covered.pk, amount_minor=100, by=person("care@tassel.example"), now=clock.now())

    assert (asked, GiftRefund.objects.count()) == ([], 0)


def dispute(amount: int, at: datetime) -> DisputeSeen:
    return DisputeSeen(
        dispute_id="dp_1", status="needs_response", reason="fraudulent", amount_minor=amount, currency="usd",
        created_at=at, answer_by=None, withdrawn_minor=amount, withdrawn_at=at, reinstated_minor=0, reinstated_at=None,
        lost_at=None,
    )  # fmt: skip


def test_the_desks_gift_costs_few_queries_however_much_went_back(
    covered: Gift, now: datetime, django_assert_max_num_queries: Any
) -> None:
    user = person("care@tassel.example", "donor care")
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    desk, page = Client(), f"/desk/gifts/{covered.pk}/"
    desk.force_login(user)
    for number in range(1, 7):
        record_gift_refund(
            RefundMade(**about(covered, now, 500, f"stripe:refund:re_{number}"), request_ref=""), now=now
        )

    for typed in ({}, {"amount": "20"}):
        with django_assert_max_num_queries(15):
            assert desk.get(page, typed).status_code == 200


def test_a_refund_made_at_stripe_waits_on_the_desk_until_somebody_looked(covered: Gift, now: datetime) -> None:
    record_gift_refund(refunded(covered, now, 2000), now=now)
    (task,) = desk_tasks.waiting(now)
    user = person("care@tassel.example", "donor care")
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    desk = Client()
    desk.force_login(user)

    desk.post(f"{task.href}checked/")
    desk.post(f"{task.href}checked/")  # nothing waits any more, so nothing more is told

    assert task.title == f"Look at the refund of gift {covered.pk}"
    assert desk_tasks.waiting(now) == []
    (looked,) = history.changes("Settings and records", user.pk)
    assert (looked["h_what"], "refunds looked at" in looked["h_why"]) == ("changed", True)


def test_the_year_in_my_giving_ends_with_what_went_back(covered: Gift, now: datetime, client: Client) -> None:
    record_gift_refund(refunded(covered, now, 2000), now=now)
    covered.refresh_from_db()
    assert covered.supporter is not None
    user = User.objects.create_user(covered.supporter.email)
    Supporter.objects.filter(pk=covered.supporter_id).update(user=user)

    giving = giving_of(user, now)
    client.force_login(user)
    page = client.get("/my/").content.decode()

    assert (giving.year_minor, giving.year_returned_minor) == (8256, 2000)
    assert [part.kind for part in giving.year_parts] == ["promised", "promised", "shop", "returned"]
    assert giving.year_parts[-1].note == ""
    assert "Another $20.00 was given back to you." in page


@pytest.mark.parametrize("won", [True, False])
@pytest.mark.parametrize("first", [10256, 2000])
def test_a_dispute_takes_the_parts_of_a_refund_that_came_back(
    covered: Gift, now: datetime, first: int, won: bool
) -> None:
    record_gift_refund(refunded(covered, now, first), now=now)
    told = about(covered, now, 10256, "stripe:dispute:dp_1")
    open_gift_dispute(DisputeOpened(**told, reason="fraudulent", answer_by=now), now=now)
    undo_gift_refund(RefundFailed(**about(covered, now, first), request_ref=""), now=now)
    partner = Partner.objects.get(slug="dahlias-hope").owner
    held = balance("held", partner)

    end = win_gift_dispute if won else lose_gift_dispute
    end((DisputeWon if won else DisputeLost)(**told), now=now)

    assert held == -4000
    assert (balance("held", partner), balance("payable", partner)) == (0, -4000 if won else 0)
    assert (balance("disputes"), balance("cover")) == ((0, -256) if won else (-10256, 0))
    assert (balance("contributions", f"fund:{covered.fund.slug}"), what_is_wrong()) == (-10000 if won else 0, [])


def test_a_refund_that_came_back_after_the_dispute_was_lost_is_an_exception(covered: Gift, now: datetime) -> None:
    record_gift_refund(refunded(covered, now, 10256), now=now)
    told = about(covered, now, 10256, "stripe:dispute:dp_1")
    open_gift_dispute(DisputeOpened(**told, reason="fraudulent", answer_by=now), now=now)
    lose_gift_dispute(DisputeLost(**told), now=now)

    undo_gift_refund(RefundFailed(**about(covered, now, 10256), request_ref=""), now=now)

    (named,) = ReconciliationException.objects.filter(resolved_at__isnull=True)
    assert (named.kind, named.subject, named.amount_minor) == ("loss_not_shared", "stripe:dispute:dp_1", 10256)
