"""The subscription and its items."""

from __future__ import annotations

from typing import Any

from sandbox import ids
from sandbox.objects import SELF_ISSUER, Object, listed, metadata
from sandbox.objects.catalogue import plan


def build(customer: str, currency: str, now: int, anchor: int, *, data: dict[str, Any], method: str | None) -> Object:
    """A subscription without items yet; `data` is the session's `subscription_data` or the create parameters."""
    identifier = ids.make("subscription")
    return {
        "id": identifier,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": anchor,
        "billing_cycle_anchor_config": _anchor_config(data.get("billing_cycle_anchor_config")),
        "billing_mode": {
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
            "updated_at": now,
        },
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "feedback_option": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": method,
        "default_source": None,
        "default_tax_rates": [],
        "description": data.get("description") or None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": SELF_ISSUER,
        },
        "items": listed([], f"/v1/subscription_items?subscription={identifier}"),
        "latest_invoice": None,
        "livemode": False,
        "metadata": metadata(data.get("metadata")),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "incomplete",
        "status_details": None,
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    }


def item(
    subscription: str, price: Object, quantity: int, now: int, period: tuple[int, int], *, given: Any = None
) -> Object:
    """One item; `period` is (start, end) of the time it is paid for. The periods live here, not on the subscription."""
    return {
        "id": ids.make("subscription_item"),
        "object": "subscription_item",
        "billed_until": period[1],
        "billing_thresholds": None,
        "created": now,
        "current_period_end": period[1],
        "current_period_start": period[0],
        "discounts": [],
        "metadata": metadata(given),
        "plan": plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": subscription,
        "tax_rates": [],
    }


def _anchor_config(given: dict[str, Any] | None) -> Object | None:
    if not given:
        return None
    return {name: given.get(name) for name in ("day_of_month", "hour", "minute", "month", "second")}
