"""The API endpoints of money that goes back or out: rows of `endpoints.ENDPOINTS`."""

from __future__ import annotations

from stripe import params as types
from stripe.params import radar as radar_types
from stripe.params.v2 import core as v2_types

from sandbox.handlers import accounts, accounts_v2, disputes, payouts, refunds, transfers

OBJECT_NAMES = {
    "account_links": "account_link",
    "accounts": "account",
    "disputes": "dispute",
    "payouts": "payout",
    "radar.early_fraud_warnings": "radar.early_fraud_warning",
    "refunds": "refund",
    "v2.core.account_links": "v2.core.account_link",
    "v2.core.accounts": "v2.core.account",
    "transfers": "transfer",
    "transfers.reversals": "transfer_reversal",
}

ROWS = (
    ("account_links.create", "POST", "/v1/account_links", types.AccountLinkCreateParams, accounts.create_link),
    ("accounts.create", "POST", "/v1/accounts", types.AccountCreateParams, accounts.create),
    ("accounts.list", "GET", "/v1/accounts", types.AccountListParams, accounts.every),
    ("accounts.retrieve", "GET", "/v1/accounts/{id}", types.AccountRetrieveParams, accounts.retrieve),
    ("accounts.update", "POST", "/v1/accounts/{id}", types.AccountUpdateParams, accounts.update),
    ("accounts.delete", "DELETE", "/v1/accounts/{id}", types.AccountDeleteParams, accounts.delete),
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
    ("transfers.create", "POST", "/v1/transfers", types.TransferCreateParams, transfers.create),
    ("transfers.list", "GET", "/v1/transfers", types.TransferListParams, transfers.every),
    ("transfers.retrieve", "GET", "/v1/transfers/{id}", types.TransferRetrieveParams, transfers.retrieve),
    ("transfers.update", "POST", "/v1/transfers/{id}", types.TransferUpdateParams, transfers.update),
    (
        "transfers.reversals.create",
        "POST",
        "/v1/transfers/{id}/reversals",
        types.TransferReversalCreateParams,
        transfers.reverse,
    ),
    (
        "transfers.reversals.list",
        "GET",
        "/v1/transfers/{id}/reversals",
        types.TransferReversalListParams,
        transfers.reversals,
    ),
    (
        "transfers.reversals.retrieve",
        "GET",
        "/v1/transfers/{id}/reversals/{id}",
        types.TransferReversalRetrieveParams,
        transfers.reversal,
    ),
    (
        "transfers.reversals.update",
        "POST",
        "/v1/transfers/{id}/reversals/{id}",
        types.TransferReversalUpdateParams,
        transfers.update_reversal,
    ),
    ("v2.core.accounts.create", "POST", "/v2/core/accounts", v2_types.AccountCreateParams, accounts_v2.create),
    ("v2.core.accounts.list", "GET", "/v2/core/accounts", accounts_v2.AccountPageParams, accounts_v2.every),
    (
        "v2.core.accounts.retrieve",
        "GET",
        "/v2/core/accounts/{id}",
        v2_types.AccountRetrieveParams,
        accounts_v2.retrieve,
    ),
    ("v2.core.accounts.update", "POST", "/v2/core/accounts/{id}", v2_types.AccountUpdateParams, accounts_v2.update),
    (
        "v2.core.account_links.create",
        "POST",
        "/v2/core/account_links",
        v2_types.AccountLinkCreateParams,
        accounts_v2.create_link,
    ),
)
