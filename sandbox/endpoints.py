"""Every API endpoint the sandbox answers: its name in the SDK, method, path, parameter type and handler."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stripe import params as types
from stripe.params import checkout as checkout_types

from sandbox import billing_endpoints, money_endpoints
from sandbox.context import Context
from sandbox.errors import StripeError
from sandbox.handlers import balance, catalogue, customers, events, invoices, lookups, sessions, subscriptions
from sandbox.objects import Object

Handler = Callable[..., Object]

OBJECT_NAMES = (
    {
        "balance": "balance",
        "balance_transactions": "balance_transaction",
        "charges": "charge",
        "checkout.sessions": "checkout.session",
        "checkout.sessions.line_items": "item",
        "customers": "customer",
        "events": "event",
        "invoice_payments": "invoice_payment",
        "invoices": "invoice",
        "invoices.line_items": "line_item",
        "payment_intents": "payment_intent",
        "payment_methods": "payment_method",
        "prices": "price",
        "products": "product",
        "shipping_rates": "shipping_rate",
        "subscription_items": "subscription_item",
        "subscriptions": "subscription",
        "webhook_endpoints": "webhook_endpoint",
    }
    | billing_endpoints.OBJECT_NAMES
    | money_endpoints.OBJECT_NAMES
)


@dataclass(frozen=True)
class Endpoint:
    """`name` is what `rules.check` knows it by; `path` holds `{id}` where an object's id stands."""

    name: str
    method: str
    path: str
    params_type: type
    handler: Handler

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path as an expression whose groups are the ids."""
        return re.compile(re.escape(self.path).replace(re.escape("{id}"), "([^/]+)"))

    @property
    def object_name(self) -> str:
        """The `object` value of what it answers, or of what its list holds."""
        return OBJECT_NAMES[self.name.rpartition(".")[0]]

    @property
    def is_list(self) -> bool:
        """Whether it answers a list."""
        return self.name.endswith(".list")

    def answer(self, ctx: Context, params: dict[str, Any], ids: tuple[str, ...]) -> Object:
        """Run the handler; the caller holds the store's lock."""
        return self.handler(ctx, params, *ids)


ENDPOINTS = [
    Endpoint(*row)
    for row in (
        *billing_endpoints.ROWS,
        *money_endpoints.ROWS,
        ("customers.create", "POST", "/v1/customers", types.CustomerCreateParams, customers.create),
        ("customers.list", "GET", "/v1/customers", types.CustomerListParams, customers.every),
        ("customers.retrieve", "GET", "/v1/customers/{id}", types.CustomerRetrieveParams, customers.retrieve),
        ("customers.update", "POST", "/v1/customers/{id}", types.CustomerUpdateParams, customers.update),
        ("customers.delete", "DELETE", "/v1/customers/{id}", types.CustomerDeleteParams, customers.delete),
        ("products.create", "POST", "/v1/products", types.ProductCreateParams, catalogue.create_product),
        ("products.list", "GET", "/v1/products", types.ProductListParams, catalogue.products),
        ("products.retrieve", "GET", "/v1/products/{id}", types.ProductRetrieveParams, catalogue.product),
        ("products.update", "POST", "/v1/products/{id}", types.ProductUpdateParams, catalogue.update_product),
        ("prices.create", "POST", "/v1/prices", types.PriceCreateParams, catalogue.create_price),
        ("prices.list", "GET", "/v1/prices", types.PriceListParams, catalogue.prices),
        ("prices.retrieve", "GET", "/v1/prices/{id}", types.PriceRetrieveParams, catalogue.price),
        ("prices.update", "POST", "/v1/prices/{id}", types.PriceUpdateParams, catalogue.update_price),
        (
            "shipping_rates.retrieve",
            "GET",
            "/v1/shipping_rates/{id}",
            types.ShippingRateRetrieveParams,
            lookups.shipping_rate,
        ),
        (
            "checkout.sessions.create",
            "POST",
            "/v1/checkout/sessions",
            checkout_types.SessionCreateParams,
            sessions.create,
        ),
        (
            "checkout.sessions.list",
            "GET",
            "/v1/checkout/sessions",
            checkout_types.SessionListParams,
            sessions.every,
        ),
        (
            "checkout.sessions.retrieve",
            "GET",
            "/v1/checkout/sessions/{id}",
            checkout_types.SessionRetrieveParams,
            sessions.retrieve,
        ),
        (
            "checkout.sessions.update",
            "POST",
            "/v1/checkout/sessions/{id}",
            checkout_types.SessionUpdateParams,
            sessions.update,
        ),
        (
            "checkout.sessions.expire",
            "POST",
            "/v1/checkout/sessions/{id}/expire",
            checkout_types.SessionExpireParams,
            sessions.expire,
        ),
        (
            "checkout.sessions.line_items.list",
            "GET",
            "/v1/checkout/sessions/{id}/line_items",
            checkout_types.SessionLineItemListParams,
            sessions.line_items,
        ),
        (
            "payment_intents.list",
            "GET",
            "/v1/payment_intents",
            types.PaymentIntentListParams,
            lookups.payment_intents,
        ),
        (
            "payment_intents.retrieve",
            "GET",
            "/v1/payment_intents/{id}",
            types.PaymentIntentRetrieveParams,
            lookups.payment_intent,
        ),
        ("charges.list", "GET", "/v1/charges", types.ChargeListParams, lookups.charges),
        ("charges.retrieve", "GET", "/v1/charges/{id}", types.ChargeRetrieveParams, lookups.charge),
        ("balance.retrieve", "GET", "/v1/balance", types.BalanceRetrieveParams, balance.retrieve),
        (
            "balance_transactions.list",
            "GET",
            "/v1/balance_transactions",
            types.BalanceTransactionListParams,
            balance.transactions,
        ),
        (
            "balance_transactions.retrieve",
            "GET",
            "/v1/balance_transactions/{id}",
            types.BalanceTransactionRetrieveParams,
            balance.transaction,
        ),
        (
            "payment_methods.list",
            "GET",
            "/v1/payment_methods",
            types.PaymentMethodListParams,
            lookups.payment_methods,
        ),
        (
            "payment_methods.retrieve",
            "GET",
            "/v1/payment_methods/{id}",
            types.PaymentMethodRetrieveParams,
            lookups.payment_method,
        ),
        ("subscriptions.list", "GET", "/v1/subscriptions", types.SubscriptionListParams, subscriptions.every),
        (
            "subscriptions.retrieve",
            "GET",
            "/v1/subscriptions/{id}",
            types.SubscriptionRetrieveParams,
            subscriptions.retrieve,
        ),
        (
            "subscriptions.update",
            "POST",
            "/v1/subscriptions/{id}",
            types.SubscriptionUpdateParams,
            subscriptions.update,
        ),
        (
            "subscriptions.cancel",
            "DELETE",
            "/v1/subscriptions/{id}",
            types.SubscriptionCancelParams,
            subscriptions.cancel,
        ),
        (
            "subscription_items.list",
            "GET",
            "/v1/subscription_items",
            types.SubscriptionItemListParams,
            subscriptions.items,
        ),
        ("invoices.list", "GET", "/v1/invoices", types.InvoiceListParams, invoices.every),
        ("invoices.retrieve", "GET", "/v1/invoices/{id}", types.InvoiceRetrieveParams, invoices.retrieve),
        ("invoices.pay", "POST", "/v1/invoices/{id}/pay", types.InvoicePayParams, invoices.pay),
        (
            "invoices.line_items.list",
            "GET",
            "/v1/invoices/{id}/lines",
            types.InvoiceLineItemListParams,
            invoices.lines,
        ),
        (
            "invoice_payments.list",
            "GET",
            "/v1/invoice_payments",
            types.InvoicePaymentListParams,
            invoices.payments,
        ),
        (
            "invoice_payments.retrieve",
            "GET",
            "/v1/invoice_payments/{id}",
            types.InvoicePaymentRetrieveParams,
            invoices.payment,
        ),
        ("events.list", "GET", "/v1/events", types.EventListParams, events.events),
        ("events.retrieve", "GET", "/v1/events/{id}", types.EventRetrieveParams, events.event),
        (
            "webhook_endpoints.create",
            "POST",
            "/v1/webhook_endpoints",
            types.WebhookEndpointCreateParams,
            events.create_endpoint,
        ),
        (
            "webhook_endpoints.list",
            "GET",
            "/v1/webhook_endpoints",
            types.WebhookEndpointListParams,
            events.endpoints,
        ),
        (
            "webhook_endpoints.retrieve",
            "GET",
            "/v1/webhook_endpoints/{id}",
            types.WebhookEndpointRetrieveParams,
            events.endpoint,
        ),
        (
            "webhook_endpoints.delete",
            "DELETE",
            "/v1/webhook_endpoints/{id}",
            types.WebhookEndpointDeleteParams,
            events.delete_endpoint,
        ),
    )
]


def match(method: str, path: str) -> tuple[Endpoint, tuple[str, ...]]:
    """The endpoint and the ids in its path, or Stripe's 404 for an address it does not know."""
    for endpoint in ENDPOINTS:
        found = endpoint.pattern.fullmatch(path) if endpoint.method == method else None
        if found is not None:
            return endpoint, found.groups()
    raise StripeError(
        404,
        "invalid_request_error",
        message=f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
    )
