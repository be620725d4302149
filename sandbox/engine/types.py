"""What the engine answers the hosted payment page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class PayResult:
    """`redirect_url` is where to go when succeeded; `action_id` names the 3-D Secure step when one is required;
    `message` is for the payer when the card was declined."""

    state: Literal["succeeded", "requires_action", "declined"]
    redirect_url: str | None = None
    message: str | None = None
    action_id: str | None = None
