"""A fund with two partners' promises, as the catalogue has them, and the facts that payments tells of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache

from donations.models import Fund, Gift, Plan
from donations.operations.define_fund import define_fund
from ledger.operations.open_months import open_months
from partners.models import Partner
from partners.operations.activate_agreement import activate_agreement
from partners.operations.prepare_agreement import prepare_agreement
from payments.facts import CheckoutPaid, InvoiceFailed, InvoicePaid, PlanChanged, PlanEnded, PlanStarted
from people import clock
from people.models import Organisation, User
from tests.partners.signing import keep
from tests.payments.rows import charged
from tests.roles import give

EMAIL = "ada@example.org"


@pytest.fixture(autouse=True)
def fresh_counters(settings: Any) -> None:
    """Attempts to give are counted in memory, and from nothing."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@pytest.fixture
def now(db: None) -> datetime:
    return clock.now().replace(microsecond=0)


@pytest.fixture
def org(now: datetime) -> Organisation:
    return make_org(now)


@pytest.fixture
def fund(org: Organisation) -> Fund:
    return make_fund()


@pytest.fixture
def promises(fund: Fund, now: datetime) -> list[Partner]:
    """40% of each gift to either partner, in one stacking set."""
    return make_promises(fund, now)


@pytest.fixture
def gift(fund: Fund, now: datetime) -> Gift:
    """$25.00 once, asked for and not paid."""
    return Gift.objects.create(
        attempt_key="gift:once:1", token_hash="0" * 64, email=EMAIL, name="Ada", fund=fund,
        charged_minor=2500, currency="usd", asked_at=now,
    )  # fmt: skip


@pytest.fixture
def new_plan(fund: Fund, now: datetime) -> Callable[..., Plan]:
    """Makes plans that wait for their first payment: $25.00 a month unless told otherwise."""

    def make(email: str = EMAIL, **fields: Any) -> Plan:
        number = Plan.objects.count() + 1
        key = {"attempt_key": f"plan:{number}:1", "token_hash": f"{number:064}", "form_key": f"{number:032}"}
        values = {"fund": fund, "amount_minor": 2500, "currency": "usd", "asked_at": now, "name": "Ada"}
        return Plan.objects.create(email=email, **key, **{**values, **fields})

    return make


@pytest.fixture
def plan(new_plan: Callable[..., Plan]) -> Plan:
    return new_plan()


def make_org(now: datetime) -> Organisation:
    open_months(around=now.date())
    return Organisation.objects.create(
        display_name="Tassel Collective", zone_name="America/Chicago", contact_email="hello@example.org"
    )


def make_fund() -> Fund:
    return define_fund(
        slug="seed-collective",
        name="Seed Collective",
        purpose="Monthly supporters who invest in the full reintegration and flourishing of survivors.",
        tiers_minor=[1500, 2500, 5000, 10000],
    )


def make_promises(fund: Fund, now: datetime) -> list[Partner]:
    preparer, approver = (User.objects.create_user(f"{word}@tassel.example") for word in ("preparer", "approver"))
    give(approver, "finance approver")
    partners = [
        Partner.objects.create(slug="dahlias-hope", name="Dahlia's Hope"),
        Partner.objects.create(slug="restoration-house-kc", name="Restoration House KC"),
    ]
    for partner in partners:
        agreement = prepare_agreement(
            partner=partner,
            scope_key=f"fund:{fund.slug}",
            scope_label=fund.name,
            rate_num=40,
            rate_den=100,
            starts_on=date(now.year - 1, 1, 1),
            ends_on=date(now.year + 1, 12, 31),
            by=preparer,
            now=now,
            stacking_set="seed-40-40",
        )
        activate_agreement(agreement_id=keep(agreement, preparer, now).pk, by=approver, now=now)
    return partners


def checkout_paid(gift: Gift, at: datetime, **changes: Any) -> CheckoutPaid:
    known = {
        "kind": "gift", "subject": gift.ref, "checkout_ref": "cs_1", "charge_ref": "stripe:charge:ch_1",
        "currency": "usd", "total_minor": gift.charged_minor, "subtotal_minor": gift.charged_minor,
        "shipping_minor": 0, "tax_minor": 0, "paid_at": at, "email": gift.email, "name": gift.name,
    }  # fmt: skip
    fact = CheckoutPaid(**{**known, **changes})
    charged(fact.charge_ref, fact.total_minor, fact.currency, at)
    return fact


def plan_started(plan: Plan, at: datetime, number: int = 1) -> PlanStarted:
    return PlanStarted(
        kind="plan", subject=plan.ref, checkout_ref=f"cs_{plan.pk}", subscription_ref=f"sub_{plan.pk}_{number}",
        customer_ref="cus_1", email=plan.email, name=plan.name, at=at,
    )  # fmt: skip


def invoice_paid(plan: Plan, at: datetime, number: int = 1, **changes: Any) -> InvoicePaid:
    """The `number`-th invoice of the plan, paid; the next one is due thirty days later."""
    known = {
        "kind": "plan", "subject": plan.ref, "subscription_ref": f"sub_{plan.pk}_1",
        "invoice_ref": f"in_{plan.pk}_{number}", "charge_ref": f"stripe:charge:ch_{plan.pk}_{number}",
        "currency": "usd", "amount_minor": plan.amount_minor, "paid_at": at, "next_at": at + timedelta(days=30),
    }  # fmt: skip
    fact = InvoicePaid(**{**known, **changes})
    if fact.amount_minor > 0:
        charged(fact.charge_ref, fact.amount_minor, fact.currency, at)
    return fact


def invoice_failed(plan: Plan, at: datetime, *, attempt: int, code: str, retry: datetime | None) -> InvoiceFailed:
    """The second invoice of the plan, not paid."""
    return InvoiceFailed(
        kind="plan", subject=plan.ref, subscription_ref=f"sub_{plan.pk}_1", invoice_ref=f"in_{plan.pk}_2",
        attempt=attempt, next_attempt_at=retry, decline_code=code, at=at,
    )  # fmt: skip


def plan_ended(plan: Plan, at: datetime, reason: str = "cancellation_requested") -> PlanEnded:
    return PlanEnded(kind="plan", subject=plan.ref, subscription_ref=f"sub_{plan.pk}_1", reason=reason, at=at)


def plan_changed(plan: Plan, at: datetime, status: str, next_at: datetime | None = None) -> PlanChanged:
    return PlanChanged(
        kind="plan", subject=plan.ref, subscription_ref=f"sub_{plan.pk}_1", status=status,
        cancel_at_period_end=False, next_at=next_at, at=at,
    )  # fmt: skip


def utc(year: int, month: int, day: int, hour: int = 18) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)
