"""The API endpoints of money that goes back or out: rows of `endpoints.ENDPOINTS`."""

from __future__ import annotations

from stripe import params as types

from sandbox.handlers import refunds

OBJECT_NAMES = {
    "refunds": "refund",
}

ROWS = (
    ("refunds.create", "POST", "/v1/refunds", types.RefundCreateParams, refunds.create),
    ("refunds.list", "GET", "/v1/refunds", types.RefundListParams, refunds.every),
    ("refunds.retrieve", "GET", "/v1/refunds/{id}", types.RefundRetrieveParams, refunds.retrieve),
    ("refunds.update", "POST", "/v1/refunds/{id}", types.RefundUpdateParams, refunds.update),
    ("refunds.cancel", "POST", "/v1/refunds/{id}/cancel", types.RefundCancelParams, refunds.cancel),
)
