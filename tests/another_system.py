"""What an organisation did at Stripe before Tassel: customers, prices, subscriptions; nothing of it names us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from payments import gateway


def api() -> Any:
    """Stripe's own client, as any other system uses it."""
    return gateway.client()._client.v1


@dataclass(frozen=True)
class Joined:
    """A customer with a running subscription."""

    customer: str
    subscription: str


def price(amount_minor: int = 2500, *, product: str = "", currency: str = "usd", **recurring: Any) -> str:
    """A monthly price of a product, made when it has no name yet; its id."""
    product = product or str(api().products.create({"name": "Monthly giving"}).id)
    rhythm = {"interval": "month", **recurring}
    params = {"unit_amount": amount_minor, "currency": currency, "product": product, "recurring": rhythm}
    return str(api().prices.create(params).id)


def customer(email: str | None = "ada@example.org", name: str = "Ada", card: str = "pm_card_visa") -> str:
    """A customer with a card that is used by default; its id."""
    person = {"name": name} | ({"email": email} if email else {})
    found = api().customers.create(person)
    method = api().payment_methods.attach(card, {"customer": found.id})
    api().customers.update(found.id, {"invoice_settings": {"default_payment_method": method.id}})
    return str(found.id)


def join(price_id: str, *, of: str = "", email: str | None = "ada@example.org", **params: Any) -> Joined:
    """Somebody gives each month by another system."""
    customer_id = of or customer(email)
    items = params.pop("items", [{"price": price_id}])
    made = api().subscriptions.create({"customer": customer_id, "items": items, **params})
    return Joined(customer_id, str(made.id))
