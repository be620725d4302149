"""A hand-made Stripe at the wire: it answers with what a test put there, and can be told to fail."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import stripe

Answer = tuple[str, int, Mapping[str, str]]
Fault = Callable[[], Answer]


class FakeStripe(stripe.HTTPClient):
    """`objects` by id; `faults` are used up first, one a request; `requests` is what was asked."""

    name = "fake"

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, Any]] = {}
        self.faults: deque[Fault | None] = deque()
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.before: Callable[[str, str], None] = lambda _method, _path: None
        self.made = 0
        self.page_size = 100
        self._lock = threading.Lock()

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **_: Any) -> Answer:
        path = urlsplit(url).path
        self.requests.append((method, path, dict(headers)))
        self.before(method, path)
        fault = self.faults.popleft() if self.faults else None
        if fault is not None:
            return fault()
        if path == "/v1/checkout/sessions":
            return self._open(post_data, headers) if method == "post" else self._list()
        if path == "/v1/balance":
            return ok(self.objects["balance"])
        if path == "/v1/balance_transactions":
            return self._page(parse_qs(urlsplit(url).query))
        return self._object(path)

    def keys(self) -> list[str]:
        """The idempotency keys of the POSTs, in order."""
        return [headers["Idempotency-Key"] for method, _, headers in self.requests if method == "post"]

    def put(self, thing: dict[str, Any]) -> dict[str, Any]:
        self.objects[thing["id"]] = thing
        return thing

    def close(self) -> None:
        pass

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return 0

    def _open(self, post_data: str, headers: Mapping[str, str]) -> Answer:
        sent = {name: values[0] for name, values in parse_qs(post_data).items()}
        with self._lock:
            known = [s for s in self.objects.values() if s.get("_key") == headers["Idempotency-Key"]]
            if known:
                return ok(known[0])
            self.made += 1
            metadata = {n[9:-1]: value for n, value in sent.items() if n.startswith("metadata[")}
            made = session(
                f"cs_test_{self.made}",
                status="open",
                payment_status="unpaid",
                mode=sent["mode"],
                metadata=metadata,
                url=f"https://checkout.example/{self.made}",
                payment_intent=None,
                expires_at=int(sent["expires_at"]),
            )
            return ok(self.put(made | {"_key": headers["Idempotency-Key"]}))

    def _list(self) -> Answer:
        data = [thing for thing in self.objects.values() if thing["object"] == "checkout.session"]
        return ok({"object": "list", "data": data, "has_more": False, "url": "/v1/checkout/sessions"})

    def _page(self, query: Mapping[str, list[str]]) -> Answer:
        """Balance transactions as Stripe lists them: newest first, in a window or a payout, from a cursor on."""
        asked = {name: values[0] for name, values in query.items()}
        payout = self.objects.get(asked.get("payout", ""), {})
        found = [
            thing
            for thing in self.objects.values()
            if thing["object"] == "balance_transaction"
            and int(asked.get("created[gte]", 0)) <= thing["created"] < int(asked.get("created[lt]", 2**40))
            and (not payout or thing["id"] in payout["_contents"])
        ]
        found.sort(key=lambda thing: (thing["created"], thing["id"]), reverse=True)
        ids = [thing["id"] for thing in found]
        start = ids.index(asked["starting_after"]) + 1 if "starting_after" in asked else 0
        limit = min(int(asked["limit"]), self.page_size)
        more = start + limit < len(found)
        data = found[start : start + limit]
        return ok({"object": "list", "data": data, "has_more": more, "url": "/v1/balance_transactions"})

    def _object(self, path: str) -> Answer:
        parts = path.removeprefix("/v1/").removeprefix("checkout/").split("/")
        thing = self.objects.get(parts[1])
        if thing is None:
            return error(404, "resource_missing")
        if parts[-1] == "expire":
            if thing["status"] != "open":
                return error(400, "checkout_session_not_open")
            thing.update(status="expired", url=None)
        return ok(thing)


def ok(body: dict[str, Any]) -> Answer:
    return json.dumps({k: v for k, v in body.items() if not k.startswith("_")}), 200, {}


def error(status: int, code: str = "", kind: str = "invalid_request_error", **more: str) -> Answer:
    return json.dumps({"error": {"type": kind, "code": code, "message": f"no: {code}", **more}}), status, {}


def cut_off() -> Answer:
    """The work may be done; the reply did not arrive."""
    raise stripe.APIConnectionError("connection reset", should_retry=True)


def balance_transaction(bt_id: str = "txn_1", **changes: Any) -> dict[str, Any]:
    return {
        "id": bt_id,
        "object": "balance_transaction",
        "amount": 4800,
        "fee": 169,
        "net": 4631,
        "currency": "usd",
        "type": "charge",
        "reporting_category": "charge",
        "source": "ch_1",
        "created": 1_793_000_010,
        "available_on": 1_793_172_810,
    } | changes


def payout(payout_id: str = "po_1", *, contents: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    """An automatic payout of 4631 on its way; `contents` are listed by `?payout=`."""
    return {
        "id": payout_id,
        "object": "payout",
        "amount": 4631,
        "currency": "usd",
        "status": "in_transit",
        "method": "standard",
        "automatic": True,
        "reconciliation_status": "in_progress",
        "created": 1_793_000_100,
        "arrival_date": 1_793_145_600,
        "trace_id": {"status": "pending", "value": None},
        "balance_transaction": None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "original_payout": None,
        "reversed_by": None,
        "_contents": contents,
    } | changes


def payout_transaction(bt_id: str = "txn_po_1", **changes: Any) -> dict[str, Any]:
    """What a payout of 4631 takes out of the balance."""
    figures = {"amount": -4631, "fee": 0, "net": -4631, "type": "payout", "reporting_category": "payout"}
    return balance_transaction(bt_id, **figures, source="po_1", created=1_793_000_100) | changes


def stripe_balance(available: int = 0, pending: int = 0, **more: list[dict[str, Any]]) -> dict[str, Any]:
    """To be put under the id "balance"."""
    sums = {
        name: [{"amount": amount, "currency": "usd"}]
        for name, amount in (("available", available), ("pending", pending))
    }
    return {"id": "balance", "object": "balance"} | sums | more


def charge(charge_id: str = "ch_1", **changes: Any) -> dict[str, Any]:
    return {
        "id": charge_id,
        "object": "charge",
        "status": "succeeded",
        "amount": 4800,
        "currency": "usd",
        "created": 1_793_000_000,
        "payment_intent": "pi_1",
        "customer": None,
        "metadata": {"kind": "order", "subject": "order:1"},
        "payment_method_details": {
            "type": "card",
            "card": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034},
        },
        "outcome": {"reason": None},
        "failure_code": None,
        "balance_transaction": None,
    } | changes


def intent(**changes: Any) -> dict[str, Any]:
    return {"id": "pi_1", "object": "payment_intent", "status": "succeeded", "latest_charge": charge()} | changes


def session(session_id: str = "cs_test_1", **changes: Any) -> dict[str, Any]:
    """A paid session of order:1 with shipping and tax."""
    return {
        "id": session_id,
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "mode": "payment",
        "currency": "usd",
        "amount_subtotal": 4800,
        "amount_total": 4800,
        "total_details": {"amount_shipping": 0, "amount_tax": 0, "amount_discount": 0},
        "customer_details": {"email": "ada@example.org", "name": "Ada Byron"},
        "collected_information": None,
        "metadata": {"kind": "order", "subject": "order:1"},
        "created": 1_792_999_000,
        "expires_at": 1_793_001_000,
        "url": None,
        "payment_intent": intent(),
        "subscription": None,
        "customer": None,
        "invoice": None,
    } | changes


def invoice(invoice_id: str = "in_1", **changes: Any) -> dict[str, Any]:
    """A paid month of plan:3."""
    return {
        "id": invoice_id,
        "object": "invoice",
        "status": "paid",
        "currency": "usd",
        "amount_paid": 2500,
        "attempt_count": 1,
        "next_payment_attempt": None,
        "status_transitions": {"paid_at": 1_793_000_005},
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": "sub_1", "metadata": {"kind": "plan", "subject": "plan:3"}},
        },
        "payments": {
            "object": "list",
            "data": [
                {
                    "id": "inpay_1",
                    "object": "invoice_payment",
                    "status": "paid",
                    "created": 1_793_000_000,
                    "payment": {"type": "payment_intent", "payment_intent": intent(latest_charge="ch_1")},
                }
            ],
        },
        "lines": {"object": "list", "data": [{"id": "il_1", "object": "line_item", "period": {"end": 1_795_600_000}}]},
    } | changes


def subscription(subscription_id: str = "sub_1", **changes: Any) -> dict[str, Any]:
    return {
        "id": subscription_id,
        "object": "subscription",
        "status": "active",
        "cancel_at_period_end": False,
        "cancellation_details": {"reason": None},
        "ended_at": None,
        "metadata": {"kind": "plan", "subject": "plan:3"},
        "items": {"object": "list", "data": [{"id": "si_1", "current_period_end": 1_795_600_000}]},
    } | changes
