"""The API endpoints of cards on file and of subscriptions' lives: rows of `endpoints.ENDPOINTS`."""

from __future__ import annotations

from stripe import params as types

from sandbox.handlers import pausing, payment_methods, subscribing

OBJECT_NAMES = {
    "customers.payment_methods": "payment_method",
    "setup_intents": "setup_intent",
}

ROWS = (
    (
        "payment_methods.attach",
        "POST",
        "/v1/payment_methods/{id}/attach",
        types.PaymentMethodAttachParams,
        payment_methods.attach,
    ),
    (
        "payment_methods.detach",
        "POST",
        "/v1/payment_methods/{id}/detach",
        types.PaymentMethodDetachParams,
        payment_methods.detach,
    ),
    (
        "customers.payment_methods.list",
        "GET",
        "/v1/customers/{id}/payment_methods",
        types.CustomerPaymentMethodListParams,
        payment_methods.of_customer,
    ),
    (
        "customers.payment_methods.retrieve",
        "GET",
        "/v1/customers/{id}/payment_methods/{id}",
        types.CustomerPaymentMethodRetrieveParams,
        payment_methods.one_of_customer,
    ),
    ("setup_intents.list", "GET", "/v1/setup_intents", types.SetupIntentListParams, payment_methods.setup_intents),
    (
        "setup_intents.retrieve",
        "GET",
        "/v1/setup_intents/{id}",
        types.SetupIntentRetrieveParams,
        payment_methods.setup_intent,
    ),
    ("subscriptions.create", "POST", "/v1/subscriptions", types.SubscriptionCreateParams, subscribing.create),
    ("subscriptions.pause", "POST", "/v1/subscriptions/{id}/pause", types.SubscriptionPauseParams, pausing.pause),
    ("subscriptions.resume", "POST", "/v1/subscriptions/{id}/resume", types.SubscriptionResumeParams, pausing.resume),
)
