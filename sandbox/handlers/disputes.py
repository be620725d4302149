"""Disputes: retrieve, update with evidence, close, list; early fraud warnings."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.engine import disputing
from sandbox.errors import invalid
from sandbox.events import changed, snapshot
from sandbox.handlers import refuse_unsimulated
from sandbox.objects import Object, merged_metadata
from sandbox.paging import equals, page

Params = dict[str, Any]
FILES = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "enhanced_evidence",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)


def retrieve(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/disputes/:id."""
    return ctx.store.get("dispute", identifier, "dispute")


def every(ctx: Context, params: Params) -> Object:
    """GET /v1/disputes, by charge, payment intent and created."""
    keep = equals(params, charge="charge", payment_intent="payment_intent")
    return page(ctx, "dispute", params, "/v1/disputes", keep)


def update(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/disputes/:id: evidence, which goes to the bank at once unless `submit` is false, and metadata."""
    refuse_unsimulated(params, ("intended_submission_method",))
    refuse_unsimulated(params.get("evidence") or {}, FILES)
    made = ctx.store.get("dispute", identifier, "dispute")
    if ("evidence" in params or params.get("submit")) and made["status"] not in disputing.REVIEWS:
        raise invalid(f"This dispute is {made['status']}: evidence can no longer be submitted.", param="evidence")
    before = snapshot(made)
    made["metadata"] = merged_metadata(made["metadata"], params.get("metadata"))
    made["evidence"].update({name: value or None for name, value in (params.get("evidence") or {}).items()})
    made["evidence_details"]["has_evidence"] |= bool(params.get("evidence"))
    if params.get("submit", "evidence" in params):
        disputing.answer(ctx, made, before)
    else:
        changed(ctx, "charge.dispute.updated", made, before)
    return made


def close(ctx: Context, _params: Params, identifier: str) -> Object:
    """POST /v1/disputes/:id/close: give in, while nothing has been answered."""
    made = ctx.store.get("dispute", identifier, "dispute")
    if made["status"] not in disputing.REVIEWS:
        raise invalid(f"This dispute is {made['status']}: it can no longer be closed.", param="dispute")
    disputing.close(ctx, made, "warning_closed" if made["status"] in disputing.INQUIRIES else "lost")
    return made


def fraud_warning(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/radar/early_fraud_warnings/:id."""
    return ctx.store.get("radar.early_fraud_warning", identifier, "early_fraud_warning")


def fraud_warnings(ctx: Context, params: Params) -> Object:
    """GET /v1/radar/early_fraud_warnings, by charge, payment intent and created."""
    keep = equals(params, charge="charge", payment_intent="payment_intent")
    return page(ctx, "radar.early_fraud_warning", params, "/v1/radar/early_fraud_warnings", keep)
