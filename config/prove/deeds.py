"""What happens at the local Stripe: people give, promise and buy; banks and staff at Stripe take some of it back."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import UUID

from django.db import connections

from config.bench.content import require
from config.bench.givers import ANSWER_S, ControlDoor
from config.demo import ground
from config.demo.story import FAILS_LATER_CARD, GOOD_CARD, PAGES
from donations.attempts import Intent
from donations.models import Fund
from donations.operations.start_gift import start_gift
from donations.operations.start_plan_checkout import start_plan_checkout
from payments import gateway
from people import clock
from shop.operations.add_to_cart import add_to_cart
from shop.operations.count_stock import count_stock
from shop.operations.start_checkout import start_checkout

AT_ONCE: Final = 3
PIECES: Final = 100_000
PENDING_REFUND_CARD, RETURNED_REFUND_CARD = "4000000000007726", "4000000000005126"
CARDS: Final = (*[GOOD_CARD] * 7, PENDING_REFUND_CARD, RETURNED_REFUND_CARD)
PLAN_CARDS: Final = (GOOD_CARD, GOOD_CARD, FAILS_LATER_CARD)


class Town:
    """Everybody who deals with us, and a Stripe that pays out on weekdays. One seed gives one sequence of wishes."""

    def __init__(self, door: ControlDoor, *, seed: int, days: int) -> None:
        ground.lay(days)
        door.post("settings", {"payout_schedule": "daily"})
        for sku in PAGES:
            count_stock(sku=sku, counted=PIECES, now=clock.now())
        self._door = door
        self._draw = random.Random(seed)  # noqa: S311 - decides what happens, guards nothing
        self._fund = Fund.objects.order_by("pk")[0]
        self._number = 0
        self._touched: set[str] = set()

    def come(self, number: int) -> None:
        """So many people give once (60 %), start to give each month (15 %) or buy (25 %), and pay."""
        with ThreadPoolExecutor(AT_ONCE) as people:
            list(people.map(lambda visit: visit(), [self._visit() for _ in range(number)]))

    def regret(self, number: int) -> None:
        """Of so many paid charges a part is refunded at Stripe's dashboard (most), or disputed by the bank."""
        charges = [one for one in gateway.client().every("charge", {}) if one.paid and one.id not in self._touched]
        for charge in self._draw.sample(charges, min(number, len(charges))):
            self._touched.add(charge.id)
            self._take_back(charge.id, charge.amount)

    def _visit(self) -> Callable[[], None]:
        self._number += 1
        kind = self._draw.choices(("gift", "plan", "order"), (60, 15, 25))[0]
        card = self._draw.choice(PLAN_CARDS if kind == "plan" else CARDS)
        number, amount_minor = self._number, self._draw.randrange(500, 20_000)
        cart = self._draw.sample(sorted(PAGES), self._draw.randint(1, len(PAGES)))
        key = UUID(int=self._draw.getrandbits(128), version=4)

        def go() -> None:
            try:
                page = self._buy(cart) if kind == "order" else self._give(kind, number, key, amount_minor)
                self._pay(page, number, card)
            finally:
                connections.close_all()

        return go

    def _give(self, kind: str, number: int, key: UUID, amount_minor: int) -> str:
        intent = Intent(
            form_key=key,
            fund=self._fund,
            amount_minor=amount_minor,
            currency="usd",
            email=f"giver{number}@example.org",
            name=f"Giver {number}",
            ip_address=f"10.{number // 65_536 % 256}.{number // 256 % 256}.{number % 256}",
        )
        start = start_plan_checkout if kind == "plan" else start_gift
        return start(intent=intent, now=clock.now()).url

    def _buy(self, cart: Sequence[str]) -> str:
        now, cart_id = clock.now(), None
        for sku in cart:
            cart_id = add_to_cart(cart_id=cart_id, sku=sku, quantity=1, now=now).cart_id
        require(cart_id is not None, "an empty cart")
        return start_checkout(cart_id=cart_id or 0, now=now).url

    def _pay(self, page: str, number: int, card: str) -> None:
        typed = _TYPED | {"email": f"giver{number}@example.org", "card_number": card}
        paid = self._door.http.post(page, data=typed, allow_redirects=False, timeout=ANSWER_S)
        require(paid.status_code == 303, f"the payment page answered {paid.status_code}")

    def _take_back(self, charge_id: str, amount_minor: int) -> None:
        what = self._draw.choice(("part", "part", "parts", "whole", "won", "lost"))
        if what in ("won", "lost"):
            dispute = self._door.post(f"charges/{charge_id}/dispute", {})
            self._door.post(f"disputes/{dispute['id']}/close", {"outcome": what})
            return
        parts = {"part": [amount_minor // 3], "parts": [amount_minor // 3, amount_minor // 5], "whole": [amount_minor]}
        for part_minor in parts[what]:
            self._refund(charge_id, part_minor)

    def _refund(self, charge_id: str, amount_minor: int) -> None:
        answer = self._door.http.post(
            f"{self._door.address}/v1/refunds",
            data={"charge": charge_id, "amount": amount_minor},
            headers={"Authorization": "Bearer sk_test_dashboard"},
            timeout=ANSWER_S,
        )
        require(answer.ok, f"a refund was answered with {answer.status_code}")


_TYPED: Final = {
    "name": "G",
    "exp": "12/34",
    "cvc": "123",
    "postal": "64111",
    "shipping_name": "G",
    "shipping_line1": "12 Main Street",
    "shipping_city": "Kansas City",
    "shipping_state": "MO",
    "shipping_postal_code": "64111",
    "shipping_country": "US",
}
