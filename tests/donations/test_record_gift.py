from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from donations.models import Gift
from donations.operations.close_attempt import close_attempt
from donations.operations.record_gift import record_gift
from donations.outcomes import Outcome
from donations.subjects import UnknownSubject
from ledger.models import Entry
from ledger.queries import balance
from partners.models import Allocation, Partner
from payments.facts import CheckoutExpired, CheckoutFailed
from people.models import Mail, Organisation, Supporter
from tests.donations.conftest import checkout_paid


def test_a_paid_gift_is_booked_shared_and_thanked_for(gift: Gift, promises: list[Partner], now: datetime) -> None:
    outcome = record_gift(checkout_paid(gift, now), now=now)

    gift.refresh_from_db()
    assert outcome is Outcome.RECORDED
    assert (gift.state, gift.paid_at, gift.charge_ref) == ("paid", now, "stripe:charge:ch_1")
    assert balance("contributions", "fund:seed-collective") == -2500
    assert [balance("payable", partner.owner) for partner in promises] == [-1000, -1000]
    mail = Mail.objects.get()
    assert mail.to == "ada@example.org"
    assert "$10.00 goes to Dahlia's Hope" in mail.text
    assert "$5.00 keeps Tassel Collective's own work going" in mail.text
    assert "not tax-deductible" in mail.text
    assert "Dahlia&#x27;s" not in mail.text


def test_the_same_payment_told_again_changes_nothing(gift: Gift, promises: list[Partner], now: datetime) -> None:
    record_gift(checkout_paid(gift, now), now=now)

    outcome = record_gift(checkout_paid(gift, now), now=now + timedelta(days=1))

    assert outcome is Outcome.ALREADY_RECORDED
    assert (Entry.objects.count(), Allocation.objects.count(), Mail.objects.count()) == (3, 2, 1)


def test_a_gift_without_promises_is_booked_and_nothing_is_shared(gift: Gift, now: datetime) -> None:
    record_gift(checkout_paid(gift, now), now=now)

    assert balance("contributions", "fund:seed-collective") == -2500
    assert not Allocation.objects.exists()


def test_shares_are_figured_without_the_fee_cover(gift: Gift, promises: list[Partner], now: datetime) -> None:
    Gift.objects.filter(pk=gift.pk).update(charged_minor=2587, fee_cover_minor=87)
    gift.refresh_from_db()

    record_gift(checkout_paid(gift, now), now=now)

    assert [allocation.amount_minor for allocation in Allocation.objects.all()] == [1000, 1000]
    assert (balance("contributions", "fund:seed-collective"), balance("cover")) == (-2500, -87)


def test_a_checkout_that_ran_out_but_was_paid_is_recorded(gift: Gift, now: datetime) -> None:
    close_attempt(CheckoutExpired(kind="gift", subject=gift.ref, checkout_ref="cs_1", at=now), now=now)

    assert record_gift(checkout_paid(gift, now), now=now) is Outcome.RECORDED


def test_running_out_after_payment_is_overtaken(gift: Gift, now: datetime) -> None:
    record_gift(checkout_paid(gift, now), now=now)

    fact = CheckoutExpired(kind="gift", subject=gift.ref, checkout_ref="cs_1", at=now)

    assert close_attempt(fact, now=now) is Outcome.OVERTAKEN
    gift.refresh_from_db()
    assert gift.state == "paid"


def test_a_failed_payment_closes_the_gift_without_a_trace_in_the_books(gift: Gift, now: datetime) -> None:
    outcome = close_attempt(CheckoutFailed(kind="gift", subject=gift.ref, checkout_ref="cs_1", at=now), now=now)

    gift.refresh_from_db()
    assert (outcome, gift.state) == (Outcome.FAILED, "failed")
    assert (Entry.objects.count(), Mail.objects.count(), Supporter.objects.count()) == (0, 0, 0)


def test_what_a_donor_types_never_edits_a_supporter(gift: Gift, now: datetime) -> None:
    known = Supporter.objects.create(email="ada@example.org", name="Ada Lovelace", created_at=now)

    record_gift(checkout_paid(gift, now, email="Ada@Example.org", name="Mallory"), now=now)

    gift.refresh_from_db()
    known.refresh_from_db()
    assert gift.supporter == known
    assert known.name == "Ada Lovelace"


@pytest.mark.parametrize("subject", ["gift:0", "gift:x", "plan:1", "gift:", "1"])
def test_a_fact_about_nobody_is_refused_by_name(org: Organisation, gift: Gift, now: datetime, subject: str) -> None:
    with pytest.raises(UnknownSubject, match=subject):
        record_gift(checkout_paid(gift, now, subject=subject), now=now)
