"""What goes wrong or back in the play: refunds from three sides, a card that is replaced, a dispute."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet

from config.demo.hands import Hands
from config.demo.local_stripe import LocalStripe
from config.demo.story import GOOD_CARD, Turn
from config.demo.visitor import DoorClosed
from donations.models import Gift, Plan
from payments.models import Charge
from people import clock
from shop.models import Order

SETTLED_AFTER = timedelta(days=3)  # nobody sends back on the day of the purchase


class Counter:
    """Buyers and donors ask for their money; Petra gives it back, or somebody at Stripe, or a bank takes it."""

    def __init__(self, hands: Hands, stripe: LocalStripe) -> None:
        self.hands = hands
        self.stripe = stripe

    def take(self, turn: Turn) -> None:
        """One turn of the story."""
        steps = {
            "return": self._piece_comes_back,
            "gift_back": self._gift_goes_back,
            "at_stripe": self._refund_at_stripe,
            "dispute": self._bank_takes_back,
        }
        steps[turn.kind]()

    def replace_cards(self, emails: set[str]) -> None:
        """Members whose payment failed, and who read the mail about it, give Stripe another card; each does so once."""
        for plan in Plan.objects.filter(state=Plan.State.RETRYING, email__in=emails):
            gift = plan.gifts.filter(state=Gift.State.PAID).latest("paid_at")
            charge = Charge.objects.get(charge_id=_charge_id(gift.charge_ref))
            self.stripe.replace_card(charge.customer_id, GOOD_CARD)
            emails.discard(plan.email)

    def _piece_comes_back(self) -> None:
        """The buyer of several things sends the first of them back."""
        order = _paid_orders().filter(lines__position=2).latest("paid_at", "pk")
        line = order.lines.first()
        assert line is not None
        about = {"part": f"line:{line.pk}", "because": "returned", "form_key": f"demo-order-{order.pk}"}
        self._refund(f"/desk/orders/{order.pk}/", line.net_minor, about)
        if not Order.objects.get(pk=order.pk).given_back_minor:
            raise DoorClosed(f"Nothing of order {order.number} went back.")

    def _gift_goes_back(self) -> None:
        """Somebody gave once and meant to give less."""
        gifts = Gift.objects.filter(state=Gift.State.PAID, plan__isnull=True, refunded_minor=0)
        gift = gifts.filter(paid_at__lte=clock.now() - SETTLED_AFTER).latest("paid_at", "pk")
        self._refund(f"/desk/gifts/{gift.pk}/", gift.charged_minor // 2, {"form_key": f"demo-gift-{gift.pk}"})
        if not Gift.objects.get(pk=gift.pk).refunded_minor:
            raise DoorClosed(f"Nothing of gift {gift.pk} went back.")

    def _refund(self, page: str, amount_minor: int, about: dict[str, str]) -> None:
        amount = f"{amount_minor // 100}.{amount_minor % 100:02}"
        self.hands.confirmed(self.hands.petra, f"{page}refund/", about | {"amount": amount})

    def _refund_at_stripe(self) -> None:
        """Somebody with a sign-in at Stripe gives a part back there; the desk learns of it and asks for a look."""
        order = _paid_orders().latest("paid_at", "pk")
        self.stripe.refund(_charge_id(order.charge_ref), order.total_minor // 4)

    def _bank_takes_back(self) -> None:
        """A buyer tells the bank that nothing came; until the bank decides, the money and its shares are held."""
        order = _paid_orders().latest("paid_at", "pk")
        self.stripe.dispute(_charge_id(order.charge_ref), "product_not_received")


def _paid_orders() -> QuerySet[Order]:
    """Those of which nothing has gone back yet."""
    settled = clock.now() - SETTLED_AFTER
    return Order.objects.filter(state=Order.State.PAID, given_back_minor=0, paid_at__lte=settled, refunds__isnull=True)


def _charge_id(charge_ref: str | None) -> str:
    """Stripe's own name of "stripe:charge:ch_1"."""
    return (charge_ref or "").rpartition(":")[2]
