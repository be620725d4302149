"""The API endpoints of money that goes back or out: rows of `endpoints.ENDPOINTS`."""

from __future__ import annotations

from stripe import params as types
from stripe.params import radar as radar_types

from sandbox.handlers import disputes, payouts, refunds

OBJECT_NAMES = {
    "disputes": "dispute",
    "payouts": "payout",
    "radar.early_fraud_warnings": "radar.early_fraud_warning",
    "refunds": "refund",
}

ROWS = (
    ("disputes.list", "GET", "/v1/disputes", types.DisputeListParams, disputes.every),
    ("disputes.retrieve", "GET", "/v1/disputes/{id}", types.DisputeRetrieveParams, disputes.retrieve),
    ("disputes.update", "POST", "/v1/disputes/{id}", types.DisputeUpdateParams, disputes.update),
    ("disputes.close", "POST", "/v1/disputes/{id}/close", types.DisputeCloseParams, disputes.close),
    (
        "radar.early_fraud_warnings.list",
        "GET",
        "/v1/radar/early_fraud_warnings",
        radar_types.EarlyFraudWarningListParams,
        disputes.fraud_warnings,
    ),
    (
        "radar.early_fraud_warnings.retrieve",
        "GET",
        "/v1/radar/early_fraud_warnings/{id}",
        radar_types.EarlyFraudWarningRetrieveParams,
        disputes.fraud_warning,
    ),
    ("payouts.create", "POST", "/v1/payouts", types.PayoutCreateParams, payouts.create),
    ("payouts.list", "GET", "/v1/payouts", types.PayoutListParams, payouts.every),
    ("payouts.retrieve", "GET", "/v1/payouts/{id}", types.PayoutRetrieveParams, payouts.retrieve),
    ("payouts.update", "POST", "/v1/payouts/{id}", types.PayoutUpdateParams, payouts.update),
    ("payouts.cancel", "POST", "/v1/payouts/{id}/cancel", types.PayoutCancelParams, payouts.cancel),
    ("payouts.reverse", "POST", "/v1/payouts/{id}/reverse", types.PayoutReverseParams, payouts.reverse),
    ("refunds.create", "POST", "/v1/refunds", types.RefundCreateParams, refunds.create),
    ("refunds.list", "GET", "/v1/refunds", types.RefundListParams, refunds.every),
    ("refunds.retrieve", "GET", "/v1/refunds/{id}", types.RefundRetrieveParams, refunds.retrieve),
    ("refunds.update", "POST", "/v1/refunds/{id}", types.RefundUpdateParams, refunds.update),
    ("refunds.cancel", "POST", "/v1/refunds/{id}/cancel", types.RefundCancelParams, refunds.cancel),
)
