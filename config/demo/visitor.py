"""Somebody with a browser: the demo's people go through the same doors as everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

TIMEOUT_S = 30


class DoorClosed(Exception):
    """A page answered in a way that the story did not expect."""


class Visitor:
    """One browser: cookies, the CSRF token, and where it stands."""

    def __init__(self, web: str) -> None:
        self.web = web
        self.http = requests.Session()
        self.http.trust_env = False

    def get(self, path: str) -> requests.Response:
        return self._expect(self.http.get(urljoin(self.web, path), timeout=TIMEOUT_S))

    def post(self, path: str, data: Mapping[str, Any], files: Mapping[str, Any] | None = None) -> requests.Response:
        """Send a form of ours; redirects on our own site are followed, one to Stripe's page is not fetched by us."""
        if "csrftoken" not in self.http.cookies:
            self.get("/account/login/code/")  # any page with a form gives the token
        headers = {"X-CSRFToken": self.http.cookies.get("csrftoken", ""), "Referer": self.web}
        return self._expect(
            self.http.post(urljoin(self.web, path), data=data, files=files, headers=headers, timeout=TIMEOUT_S)
        )

    def pay(self, page: str, *, email: str, name: str, card: str) -> requests.Response:
        """Fill in Stripe's payment page; answers the page on which the visitor lands."""
        form = {
            "email": email,
            "name": name,
            "card_number": card,
            "exp": "12 / 34",
            "cvc": "123",
            "postal": "64111",
            "shipping_name": name,
            "shipping_line1": "12 Main Street",
            "shipping_city": "Kansas City",
            "shipping_state": "MO",
            "shipping_postal_code": "64111",
            "shipping_country": "US",
        }
        answer = self._expect(self.http.post(page, data=form, timeout=TIMEOUT_S))
        if "/c/authenticate/" in answer.url:  # the card's bank asks; its holder says yes
            answer = self._expect(self.http.post(answer.url, data={"answer": "approve"}, timeout=TIMEOUT_S))
        return answer

    @staticmethod
    def stands_on(answer: requests.Response, host: str) -> bool:
        """Whether the visitor has been sent to `host` (an address with its port)."""
        return urlsplit(answer.url).netloc == urlsplit(host).netloc

    @staticmethod
    def _expect(answer: requests.Response) -> requests.Response:
        if answer.status_code >= 400 and answer.status_code not in (402, 404, 422):
            raise DoorClosed(f"{answer.request.method} {answer.url} answered {answer.status_code}")
        return answer
