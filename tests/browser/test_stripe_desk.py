"""The desk's pages of Stripe and of exceptions on a phone, and one exception taken on and settled by keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from config.demo.ground import Staff
from ledger.models import ReconciliationException
from ledger.operations.open_months import open_months
from payments.models import StripeEvent, Transfer
from people.models import User
from tests.browser.person import Person
from tests.browser.test_month_close import press_by_keyboard, type_by_keyboard
from tests.ledger.facts import NOW
from tests.payments.desk_rows import Rows, booked, stripe_rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def green_books() -> None:
    """Stripe's things are laid here as rows, and one of them is in trouble: that is what the pages are for."""


@pytest.fixture
def rows(team: list[Staff]) -> Rows:
    """One thing of each kind, with ids as long as Stripe's."""
    open_months(around=NOW)
    rows = stripe_rows(NOW)
    booked("txn_3SYkT4LkdIwHu7ix1Qz0aBcD", NOW, category="other_adjustment", problem="conflict", source_id="re_1")
    Transfer.objects.create(
        transfer_id="tr_1SYkT4LkdIwHu7ixQwErTy12", destination_id="acct_1SYkT4PZLkdIwHu7", amount_minor=4000,
        currency="usd", created_at=NOW,
    )  # fmt: skip
    StripeEvent.objects.filter(pk=rows.event.pk).update(event_id="evt_1SYkT4LkdIwHu7ix9Zz8Yy7X")
    return rows


def come_in(someone: Person, email: str) -> None:
    """Signed in without the mail and the second factor, which other paths walk."""
    client = Client()
    client.force_login(User.objects.get(email=email))
    name = settings.SESSION_COOKIE_NAME
    someone.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": someone.web}])


def reach(someone: Person, control: str) -> None:
    """Tab until a control of this kind ("select") has the focus, and shows it."""
    for _ in range(80):
        someone.page.keyboard.press("Tab")
        if someone.page.evaluate("kind => document.activeElement.matches(kind)", control):
            return
    raise AssertionError(f"no way by keyboard to a {control} on {someone.page.url}")


def test_every_page_fits_a_phone_and_breaks_no_rule(person: Any, team: list[Staff], rows: Rows) -> None:
    petra: Person = person(phone=True)
    come_in(petra, team[0].email)
    pages = {
        "inbox": "/desk/stripe/?state=dead",
        "event": "/desk/stripe/events/evt_1SYkT4LkdIwHu7ix9Zz8Yy7X/",
        "calls": "/desk/stripe/calls/",
        "call": f"/desk/stripe/calls/{rows.call.pk}/",
        "balance": "/desk/stripe/balance/",
        "balance-transaction": "/desk/stripe/balance/txn_3SYkT4LkdIwHu7ix1Qz0aBcD/",
        "stripe-payouts": "/desk/stripe/payouts/",
        "stripe-payout": "/desk/stripe/payouts/po_1/",
        "charge": "/desk/stripe/objects/ch_desk/",
        "transfer": "/desk/stripe/objects/tr_1SYkT4LkdIwHu7ixQwErTy12/",
        "entry": f"/desk/entries/{rows.entry.pk}/",
        "exceptions": "/desk/exceptions/",
        "exceptions-wrong-filter": "/desk/exceptions/?state=gone",
        "exception": f"/desk/exceptions/{rows.exception.pk}/",
        "months": "/desk/months/",
        "month": f"/desk/months/{NOW:%Y%m}/",
        "payouts": "/desk/payouts/",
        "history": "/desk/history/",
    }

    for name, page in pages.items():
        petra.go(page)
        petra.faults = [fault for fault in petra.faults if "status of 400" not in fault]  # the filter that is wrong
        petra.look(f"desk-{name}")


def test_an_exception_is_taken_on_and_settled_by_keyboard(person: Any, team: list[Staff], rows: Rows) -> None:
    petra: Person = person(phone=True)
    come_in(petra, team[0].email)
    petra.go("/desk/exceptions/")
    page = f"/desk/exceptions/{rows.exception.pk}/"
    reach(petra, f"a[href='{page}']")
    petra.page.keyboard.press("Enter")
    petra.page.wait_for_url(f"**{page}")

    reach(petra, "select")
    petra.page.keyboard.type("Petra")
    press_by_keyboard(petra, "Hand it over")
    petra.reads("Petra Preparer looks into it now.")
    reach(petra, "input[type=radio]")
    petra.page.keyboard.press("Space")
    type_by_keyboard(petra, "Stripe's own log shows the refund.")
    press_by_keyboard(petra, "Settle this exception")
    petra.reads("Settled.")
    petra.look("desk-exception-settled")

    row = ReconciliationException.objects.select_related("owner", "resolved_by").get(pk=rows.exception.pk)
    assert (row.resolution, row.owner, row.resolved_by) == ("explained", row.resolved_by, row.owner)
    assert row.owner is not None and row.owner.email == team[0].email
    assert [event.kind for event in row.events.order_by("id")] == ["assigned", "resolved"]
