"""The play: visitors buy and give, Stripe's clock runs, staff close their months and pay the partners."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from django.db import connection, connections

from config.celery import app
from config.demo.bank import Bank
from config.demo.counter import Counter
from config.demo.desk import Desk
from config.demo.hands import Hands
from config.demo.local_stripe import LocalStripe
from config.demo.places import Places
from config.demo.processes import Supervisor
from config.demo.story import DECLINED_CARD, GOOD_CARD, PAGES, TURNS, Visit
from config.demo.visitor import DoorClosed, Visitor
from payments.models import BalanceComparison, StripeEvent
from people import clock
from people.queries import local_day

AT_ONCE = 3
BUSINESS_HOUR = 16  # UTC: morning in Kansas City, the same local day all year
QUIET_S = 60.0
STRIPE_PAYS_ON = 4  # Friday; the money arrives on Monday
Progress = Callable[[int, int, str], None]


class Player:
    """Plays a story day by day, through the same doors as real people, and waits for each day to be done."""

    def __init__(self, places: Places, supervisor: Supervisor, progress: Progress) -> None:
        self.places = places
        self.supervisor = supervisor
        self.progress = progress
        self.stripe = LocalStripe(places.sandbox)
        self.hands = Hands(places, self.stripe)
        self.bank = Bank(self.hands)
        self.desk = Desk(self.hands, self.bank)
        self.counter = Counter(self.hands, self.stripe)

    def play(self, visits: list[Visit], days: int) -> None:
        """From the day on which the clock stands, for `days`, to now; `visits` are sorted by day."""
        first_day = clock.now().date()
        by_day = {day: list(group) for day, group in groupby(visits, key=lambda visit: visit.day)}
        mending = {visit.person.email for visit in visits if visit.replaces_card}
        self.hands.sign_in()
        self.bank.open(first_day)
        for number in range(days):
            today = first_day + timedelta(days=number)
            self.progress(number, days, f"{today.day} {today:%B %Y}")
            self._open_day(today)
            with ThreadPoolExecutor(AT_ONCE) as people:
                list(people.map(self._visit, by_day.get(number, [])))
            for turn in TURNS:
                if turn.day == number:
                    self.counter.take(turn)
            self._finish_day()
            self.counter.replace_cards(mending)
            self.desk.daily_work(today)
        self.stripe.move_clock_to(clock.wall_now())
        self._finish_day()
        self._finish_play(local_day(clock.now()))
        self.progress(days, days, "done")

    def _finish_play(self, today: date) -> None:
        """The last month is closed, the bank read to today, and Stripe asked for its balance, as each night."""
        self.desk.finish_month(today.replace(day=1) - timedelta(days=1))
        self.bank.read_latest(today)
        asked_at, until = clock.now(), time.monotonic() + QUIET_S
        app.send_task("payments.tasks.check_balance", ignore_result=True)
        while not BalanceComparison.objects.filter(compared_at__gte=asked_at).exists():
            self.supervisor.check()
            if time.monotonic() > until:
                raise DoorClosed("Stripe's balance was not compared within a minute.")
            time.sleep(0.1)

    def _open_day(self, today: date) -> None:
        self.stripe.move_clock_to(datetime(today.year, today.month, today.day, BUSINESS_HOUR, tzinfo=UTC))
        if today.weekday() == STRIPE_PAYS_ON:
            self.stripe.pay_out()

    def _visit(self, visit: Visit) -> None:
        visitor = Visitor(self.places.web)
        try:
            page = self._order(visitor, visit) if visit.kind == "order" else self._give(visitor, visit)
            if visit.leaves:
                return
            if visit.card == DECLINED_CARD:
                visitor.pay(page, email=visit.person.email, name=visit.person.name, card=DECLINED_CARD)
            card = GOOD_CARD if visit.card == DECLINED_CARD else visit.card
            visitor.pay(page, email=visit.person.email, name=visit.person.name, card=card)
        finally:
            connections.close_all()

    def _order(self, visitor: Visitor, visit: Visit) -> str:
        visitor.get("/shop/")
        for sku, quantity in visit.cart:
            visitor.get(PAGES[sku])
            visitor.post("/cart/add/", {"sku": sku, "quantity": quantity})
        return visitor.post("/checkout/", {}).url

    def _give(self, visitor: Visitor, visit: Visit) -> str:
        visitor.get("/give/")
        form = {
            "form_key": uuid.uuid4(),
            "often": "month" if visit.kind == "plan" else "once",
            "amount": "other",
            "own_amount": f"{visit.amount_minor // 100}",
            "name": visit.person.name,
            "email": visit.person.email,
        }
        return visitor.post("/give/", form).url

    def _finish_day(self) -> None:
        """Webhooks delivered, events processed: the next day begins with nothing left over."""
        self.stripe.settle()
        until = time.monotonic() + QUIET_S
        while StripeEvent.objects.filter(state=StripeEvent.State.RECEIVED).exists():
            self.supervisor.check()
            if time.monotonic() > until:
                raise DoorClosed("The worker did not process its events within a minute.")
            time.sleep(0.03)
        connection.close()
