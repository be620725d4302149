"""The staff's work in the play: each month is closed and stated, partners are paid, and the bank's lines are read."""

from __future__ import annotations

import time
from datetime import date, timedelta

from config.demo.bank import Bank
from config.demo.hands import WAIT_S, Hands
from config.demo.visitor import DoorClosed
from ledger.closing import close_subject, current_hash
from ledger.models import MonthWork
from ledger.operations.close_month import current_closes
from partners.models import PayoutBatch
from partners.queries.eligible import policy
from reports.models import Document

CLOSING_DAY, PAYOUT_DAY, BANK_DAY = 3, 16, 19


class Desk:
    """What the calendar asks of finance."""

    def __init__(self, hands: Hands, bank: Bank) -> None:
        self.petra, self.anton = hands.petra, hands.anton
        self._confirmed = hands.confirmed
        self.bank = bank

    def daily_work(self, today: date) -> None:
        """What the calendar asks for today."""
        last_month_end = today.replace(day=1) - timedelta(days=1)
        if today.day == CLOSING_DAY:
            self.finish_month(last_month_end)
        elif today.day == PAYOUT_DAY:
            self._pay(last_month_end + timedelta(days=policy().refund_window_days))
        elif today.day == BANK_DAY:
            self.bank.read_until(today - timedelta(days=1))

    def finish_month(self, month_end: date) -> None:
        """Close the month that ends on this day, unless it is closed already; then its statements."""
        yyyymm = month_end.year * 100 + month_end.month
        if yyyymm not in current_closes([yyyymm]):
            self.bank.read_month_end(month_end)
            self._close(yyyymm)
        self._state(f"{month_end:%Y-%m}")

    def _close(self, yyyymm: int) -> None:
        """Petra takes out the trial balance, closes softly and asks; Anton approves that, and a worker closes."""
        page = f"/desk/months/{yyyymm}/"
        self.petra.post(f"{page}trial-balance/", {})
        self.petra.post(f"{page}soft-close/", {"soft-reason": "The month is over."})
        self.petra.post(f"{page}propose/", {"propose-reason": "Every sale, gift and bank line of the month is in."})
        self._confirmed(self.anton, f"{page}approve/", {"content": current_hash(close_subject(yyyymm))})
        until = time.monotonic() + WAIT_S
        while yyyymm not in current_closes([yyyymm]):
            work = MonthWork.objects.filter(period=yyyymm).order_by("-pk").first()
            if work is None or work.state == MonthWork.State.STOPPED or time.monotonic() > until:
                raise DoorClosed(f"{yyyymm} was not closed: {work and (work.problem, work.found)}")
            time.sleep(0.1)

    def _state(self, period: str) -> None:
        """Make, wait for and publish every partner's statement."""
        self.petra.post("/desk/statements/request/", {"month": period})
        for document in _ready(period):
            if not document.published_at:
                self.anton.post(f"/desk/statements/{document.pk}/publish/", {})

    def _pay(self, as_of: date) -> None:
        """Propose, approve and send what is eligible on a day on which all shares of last month are old enough."""
        page = self.petra.get(f"/desk/payouts/?as_of={as_of.isoformat()}")
        if 'action="/desk/payouts/propose/"' not in page.text:
            return  # nothing is old enough or large enough yet
        self._confirmed(self.petra, "/desk/payouts/propose/", {"as_of": as_of.isoformat()})
        batch = PayoutBatch.objects.latest("pk")
        self._confirmed(self.anton, f"/desk/payouts/{batch.pk}/approve/", {"content_hash": batch.content_hash})
        self._confirmed(self.petra, f"/desk/payouts/{batch.pk}/send/", {})


def _ready(period: str) -> list[Document]:
    """The month's documents, once the worker has made them all."""
    until = time.monotonic() + WAIT_S
    documents = Document.objects.filter(period=period)
    while documents.filter(state__in=["requested", "rendering"]).exists():
        if time.monotonic() > until:
            raise DoorClosed(f"The statements of {period} were not made in time.")
        time.sleep(0.1)
    return list(documents.filter(state="ready", superseded_by__isnull=True))
