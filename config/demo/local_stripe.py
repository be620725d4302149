"""The control door of the sandbox, as the play needs it, and what somebody does in its dashboard."""

from __future__ import annotations

import os
import re
from datetime import datetime
from typing import Any

import requests


class LocalStripe:
    """Moves the clock that everybody shares, waits for webhooks, reads the mail."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.http = requests.Session()
        self.http.trust_env = False

    def move_clock_to(self, at: datetime) -> None:
        """Forward only; renewals, retries and expiries that fall due happen on the way, in order."""
        self._post("clock", {"to": int(at.timestamp())})

    def settle(self) -> None:
        """What happens a moment later at Stripe happens now, and every webhook is delivered."""
        self._post("settle", {})
        self._post("drain", {"timeout_s": 60})

    def pay_out(self) -> None:
        """What is available leaves for the bank, as on the day of a weekly schedule."""
        self._post("payouts", {})

    def replace_card(self, customer_id: str, number: str) -> None:
        """A member gives Stripe another card; the next attempt takes it."""
        self._post(f"customers/{customer_id}/card", {"number": number})

    def dispute(self, charge_id: str, reason: str) -> None:
        """The buyer's bank takes the payment back and asks us."""
        self._post(f"charges/{charge_id}/dispute", {"reason": reason})

    def refund(self, charge_id: str, amount_minor: int) -> None:
        """Somebody of ours gives a part back at Stripe itself, past our desk."""
        form = {"charge": charge_id, "amount": str(amount_minor)}
        key = {"Authorization": f"Bearer {os.environ['STRIPE_SECRET_KEY']}"}
        self.http.post(f"{self.address}/v1/refunds", data=form, headers=key, timeout=30).raise_for_status()

    def save(self) -> None:
        self._post("save", {})

    def newest_code(self, email: str) -> str:
        """The sign-in code in the newest mail to `email`, or an empty text when there is none yet."""
        answer = self.http.get(f"{self.address}/mail.json", params={"to": email}, timeout=30)
        for message in answer.json()["messages"]:
            if found := re.search(r"^ {4}(\S{6,12})\s*$", message["text"], re.MULTILINE):
                return found.group(1)
        return ""

    def _post(self, door: str, body: dict[str, Any]) -> None:
        answer = self.http.post(f"{self.address}/_sandbox/{door}", json=body, timeout=120)
        answer.raise_for_status()
