"""A shelf with three designs, two of which give 20% to a partner, and a stand-in for the payment page."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ledger.operations.open_months import open_months
from partners.models import Agreement, Partner
from partners.operations.activate_agreement import activate_agreement
from partners.operations.prepare_agreement import prepare_agreement
from payments.facts import CheckoutPaid
from payments.operations.expire_checkout import Outcome as Expiry
from payments.operations.open_checkout import CheckoutRequest, OpenedCheckout
from people.models import Organisation, User
from shop.models import Order, Variant
from shop.operations import start_checkout as start_checkout_module
from shop.operations import sweep_holds as sweep_holds_module
from shop.operations.add_to_cart import add_to_cart
from shop.operations.count_stock import count_stock
from shop.operations.define_product import VariantWanted, define_product
from shop.operations.place_order import Placed, place_order
from tests.partners.signing import keep
from tests.payments.rows import charged
from tests.roles import give

NOW = datetime(2026, 10, 20, 17, 0, tzinfo=UTC)
SHELF_OPENS = datetime(2026, 1, 1, tzinfo=UTC)


def make_organisation(now: datetime = NOW) -> Organisation:
    """The organisation in Kansas City's zone, with its months open."""
    open_months(around=now)
    fields = {
        "display_name": "Tassel Collective",
        "zone_name": "America/Chicago",
        "currency": "usd",
        "contact_email": "staff@tassel.example",
    }
    return Organisation.objects.update_or_create(pk=1, defaults=fields)[0]


def make_product(slug: str, sku: str, price_minor: int, *, on_hand: int = 20, **fields: Any) -> Variant:
    name = fields.pop("name", slug.replace("-", " ").capitalize())
    define_product(
        slug=slug,
        name=name,
        variants=[
            VariantWanted(sku=sku, option=fields.pop("option", "Dark"), price_minor=price_minor, counted=on_hand)
        ],
        published_from=SHELF_OPENS,
        now=NOW,
        **fields,
    )
    return Variant.objects.get(sku=sku)


def promise(partner: Partner, scope_key: str, **fields: Any) -> Agreement:
    """An active agreement of 20%, prepared and approved by two people."""
    asked = {"rate_num": 20, "rate_den": 100, "starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)} | fields
    ana, _ = User.objects.get_or_create(email="ana@tassel.example")
    ben, _ = User.objects.get_or_create(email="ben@tassel.example")
    give(ben, "finance approver")
    drafted = prepare_agreement(
        partner=partner, scope_key=scope_key, scope_label="these designs", by=ana, now=NOW, **asked
    )
    return activate_agreement(agreement_id=keep(drafted, ana, NOW).pk, by=ben, now=NOW)


def make_shelf(now: datetime = NOW, **days: date) -> None:
    """Three designs and two promises; `starts_on` and `ends_on` move the promises' days."""
    make_organisation(now)
    hope = Partner.objects.create(slug="dahlias-hope", name="Dahlia's Hope")
    house = Partner.objects.create(slug="restoration-house-kc", name="Restoration House KC")
    make_product("valor-tassel-earrings", "VALOR-DARK", 2400, position=1, name="Valor tassel earrings")
    make_product("rehope-tassel-earrings", "REHOPE", 2800, position=2, name="ReHope tassel earrings", option="ReHope")
    make_product("plain-tassel-earrings", "PLAIN", 1500, position=3, name="Plain tassel earrings", option="Natural")
    promise(hope, "product:valor-tassel-earrings", **days)
    promise(house, "product:rehope-tassel-earrings", **days)


@pytest.fixture
def shelf(db: None) -> None:
    make_shelf()


@pytest.fixture
def org(shelf: None) -> Organisation:
    return Organisation.objects.get()


@pytest.fixture
def valor(shelf: None) -> Variant:
    return Variant.objects.get(sku="VALOR-DARK")


class PaymentPages:
    """Stands where the processor stands: remembers what was asked, and answers as a test wants."""

    def __init__(self) -> None:
        self.opened: list[CheckoutRequest] = []
        self.expired: list[str] = []
        self.trouble: Exception | None = None
        self.expiry = Expiry.EXPIRED

    def open(self, *, request: CheckoutRequest, now: datetime) -> OpenedCheckout:
        self.opened.append(request)
        if self.trouble:
            raise self.trouble
        return OpenedCheckout(
            url=f"https://checkout.stripe.com/c/{request.subject}", session_id=f"cs_{request.subject}"
        )

    def expire(self, *, subject: str, now: datetime) -> Expiry:
        self.expired.append(subject)
        if self.trouble:
            raise self.trouble
        return self.expiry


@pytest.fixture
def payment_pages(monkeypatch: pytest.MonkeyPatch) -> PaymentPages:
    pages = PaymentPages()
    monkeypatch.setattr(start_checkout_module, "open_checkout", pages.open)
    monkeypatch.setattr(start_checkout_module, "expire_checkout", pages.expire)
    monkeypatch.setattr(sweep_holds_module, "expire_checkout", pages.expire)
    return pages


def filled_cart(**quantities: int) -> int:
    """A cart with these pieces: `filled_cart(VALOR_DARK=2)`."""
    cart_id: int | None = None
    for sku, quantity in quantities.items():
        cart_id = add_to_cart(cart_id=cart_id, sku=sku.replace("_", "-"), quantity=quantity, now=NOW).cart_id
    assert cart_id is not None
    return cart_id


def placed_order(now: datetime = NOW, **quantities: int) -> Placed:
    return place_order(cart_id=filled_cart(**quantities), currency="usd", now=now)


def paid_fact(order: Order, **changes: Any) -> CheckoutPaid:
    """What the processor tells when this order is paid as asked; payments keeps its charge."""
    known: dict[str, Any] = {
        "kind": "order",
        "subject": order.ref,
        "checkout_ref": f"cs_{order.pk}",
        "charge_ref": f"stripe:charge:ch_{order.pk}",
        "currency": "usd",
        "total_minor": order.net_minor,
        "subtotal_minor": order.net_minor,
        "shipping_minor": 0,
        "tax_minor": 0,
        "paid_at": NOW,
        "email": "buyer@example.org",
        "name": "Bea Buyer",
        "shipping_address": {"line1": "12 Main Street", "city": "Kansas City", "state": "MO", "postal_code": "64111"},
    }
    fact = CheckoutPaid(**(known | changes))
    charged(fact.charge_ref, fact.total_minor, fact.currency, fact.paid_at)
    return fact


def set_stock(sku: str, counted: int) -> None:
    count_stock(sku=sku, counted=counted, now=NOW)
