"""Signed events sent to a web server from several connections at once, each answer timed."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import stripe

from config.bench.content import require

CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Sent:
    """How long a number of events took together, and each of them, in seconds."""

    together_s: float
    each_s: tuple[float, ...]


def event_bodies(number: int, first: int) -> list[bytes]:
    """Events as large as a charge's usual one; `first` numbers them, so that each id is used once."""
    return [
        json.dumps(
            {
                "id": f"evt_{first + i:012}",
                "object": "event",
                "api_version": "2026-10-28.endive",
                "created": int(time.time()),
                "livemode": False,
                "type": "charge.succeeded",
                "data": {"object": {"id": f"ch_{first + i:012}", "object": "charge", "description": "x" * 3_000}},
            }
        ).encode()
        for i in range(number)
    ]


def send(port: int, bodies: Sequence[bytes], secret: str) -> Sent:
    """Send each once; raises WrongContent unless every answer is 200."""
    signed = [(body, stripe.WebhookSignature.generate_signature_header(body.decode(), secret)) for body in bodies]

    def one(event: tuple[bytes, str]) -> float:
        body, signature = event
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(
            "POST", "/stripe/webhook", body, {"Stripe-Signature": signature, "Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        answer.read()
        connection.close()
        require(answer.status == 200, f"an event was answered with {answer.status}")
        return time.perf_counter() - began

    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as senders:
        each = tuple(senders.map(one, signed))
    return Sent(time.perf_counter() - began, each)
