"""What happens by itself or on the payment page: the one object that pages, handlers and the clock talk to."""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable
from typing import Any

from sandbox.cards import CardInput
from sandbox.context import Context
from sandbox.engine import (
    arriving,
    billing,
    booking,
    changing,
    checkout,
    collecting,
    debiting,
    disputing,
    paying_out,
    refunding,
)
from sandbox.engine.types import PayResult
from sandbox.events import fold_in_attempts
from sandbox.faults import webhooks
from sandbox.objects import listed

__all__ = ["CardInput", "Engine", "PayResult"]

log = logging.getLogger("sandbox.engine")

JOBS: dict[str, Callable[[Context, str, int], None]] = {
    "announce": billing.announce,
    "arrive_payout": paying_out.arrive_when_due,
    "cancel_subscription": billing.cancel_when_due,
    "deliver_late": webhooks.deliver_late,
    "conclude_debit": debiting.conclude_when_due,
    "decide_dispute": disputing.decide_when_due,
    "dispute_due": disputing.miss_when_due,
    "expire_incomplete": changing.expire_incomplete,
    "expire_session": checkout.expire_when_due,
    "fail_refund": refunding.fail_when_due,
    "finalize": collecting.finalize_when_due,
    "fund_refunds": refunding.fund_waiting,
    "pay_out": paying_out.pay_out_when_due,
    "reconcile_payout": paying_out.reconcile_when_due,
    "release_money": booking.release_money,
    "renew": billing.renew,
    "resume_collection": billing.resume_collection,
    "retry": collecting.retry_when_due,
    "settle_charge": arriving.arrive_charge,
    "submit_payout": paying_out.submit_when_due,
    "succeed_refund": refunding.succeed_when_due,
}
TICK_S = 0.2


class Engine:
    """Every method takes the store's lock itself."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._stopped = threading.Event()
        self._advancing = threading.Lock()
        self._ticker = threading.Thread(target=self._tick, name="sandbox-clock", daemon=True)

    def session_for_page(self, session_id: str) -> dict[str, Any]:
        """The session with its `line_items` as a list object; StripeError 404 when there is none."""
        with self._ctx.store.lock:
            session = copy.deepcopy(self._ctx.store.get("checkout.session", session_id))
            lines = copy.deepcopy(self._ctx.store.hidden(session_id)["line_items"])
        return session | {"line_items": listed(lines, f"/v1/checkout/sessions/{session_id}/line_items")}

    def pay(
        self,
        session_id: str,
        card: CardInput,
        email: str | None = None,
        name: str | None = None,
        shipping: dict[str, Any] | None = None,
        *,
        state: str | None = None,
    ) -> PayResult:
        """Pay a session; `shipping` is {"name": …, "address": {line1, city, state, postal_code, country}}."""
        with self._ctx.store.lock:
            return checkout.pay(self._ctx, session_id, card, email=email, name=name, shipping=shipping, state=state)

    def locate(
        self,
        session_id: str,
        *,
        shipping: dict[str, Any] | None = None,
        state: str | None = None,
        shipping_rate: str | None = None,
    ) -> dict[str, Any]:
        """Where it goes and how, before anything is paid; the session as the page shows it, with its new totals."""
        with self._ctx.store.lock:
            session = self._ctx.store.get("checkout.session", session_id)
            checkout.locate(self._ctx, session, shipping=shipping, state=state, shipping_rate=shipping_rate)
        return self.session_for_page(session_id)

    def shipping_choices(self, session_id: str) -> list[dict[str, Any]]:
        """The shipping rates that a session offers, in its order."""
        with self._ctx.store.lock:
            options = self._ctx.store.get("checkout.session", session_id)["shipping_options"]
            return [copy.deepcopy(self._ctx.store.get("shipping_rate", each["shipping_rate"])) for each in options]

    def debit(
        self,
        session_id: str,
        account_number: str,
        email: str | None = None,
        name: str | None = None,
        shipping: dict[str, Any] | None = None,
        *,
        state: str | None = None,
    ) -> PayResult:
        """Pay a session from a test bank account; otherwise as `pay`."""
        with self._ctx.store.lock:
            return checkout.debit(
                self._ctx, session_id, account_number, email=email, name=name, shipping=shipping, state=state
            )

    def complete_action(self, action_id: str, approve: bool) -> PayResult:
        """The payer's answer on the 3-D Secure page."""
        with self._ctx.store.lock:
            return checkout.complete_action(self._ctx, action_id, approve=approve)

    def session_of_action(self, action_id: str) -> dict[str, Any]:
        """The session that waits for a 3-D Secure step; StripeError 404 when there is none."""
        with self._ctx.store.lock:
            session_id = checkout.session_of_action(self._ctx, action_id)["id"]
        return self.session_for_page(session_id)

    def cancel_url(self, session_id: str) -> str | None:
        """Where the page's back link leads, if the shop named a place."""
        with self._ctx.store.lock:
            cancel_url: str | None = self._ctx.store.get("checkout.session", session_id)["cancel_url"]
        return cancel_url

    def settle(self) -> int:
        """Settle every waiting charge now; returns how many."""
        with self._ctx.store.lock:
            return arriving.arrive_all(self._ctx)

    def run_due(self) -> int:
        """Do what has fallen due by now, in order; returns how many jobs."""
        ran = 0
        while True:
            with self._ctx.store.lock:
                fold_in_attempts(self._ctx)
                job = self._ctx.store.pop_due(self._ctx.now())
                if job is None:
                    return ran
                self._run(*job)
                ran += 1

    def advance(self, unix_s: int, *, after_each: Callable[[], object] | None = None) -> int:
        """Move the clock forward to `unix_s`, stopping at every job on the way; returns how many ran.

        `after_each` is called after each stop, without the lock: a demo waits there until webhooks are delivered, so
        that the product sees every event at about the time at which it happened.
        """
        ran = 0
        with self._advancing:
            while True:
                ran += self._step(unix_s)
                with self._ctx.store.lock:
                    due = self._ctx.store.next_due()
                if after_each is not None:
                    after_each()
                if due is None or due > unix_s:
                    break
            self._ctx.clock.advance_to(unix_s)
        return ran + self.run_due()

    def start(self) -> None:
        """Let wall time do its work too: settle delays, expiries."""
        self._ticker.start()

    def stop(self) -> None:
        """End the ticker; nothing runs by itself any more."""
        self._stopped.set()
        if self._ticker.is_alive():
            self._ticker.join(timeout=5)

    def _step(self, unix_s: int) -> int:
        with self._ctx.store.lock:
            due = self._ctx.store.next_due()
            if due is not None and due <= unix_s:
                self._ctx.clock.advance_to(due)
        return self.run_due()

    def _run(self, due: int, kind: str, subject: str) -> None:
        try:
            account, _, inner = subject.partition("/")
            if account.startswith("acct_"):
                JOBS[kind](self._ctx.of(account), inner, due)
            else:
                JOBS[kind](self._ctx, subject, due)
        except Exception:
            log.exception("job %s for %s failed", kind, subject)

    def _tick(self) -> None:
        while not self._stopped.wait(TICK_S):
            self.run_due()
