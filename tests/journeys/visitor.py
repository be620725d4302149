"""Somebody with a browser, as plain HTTP: our pages by their forms, the payment page by its form."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

import requests

GOOD_CARD, DECLINED_CARD = "4242424242424242", "4000000000000002"
FORM = re.compile(r'<form[^>]*action="(?P<action>[^"]+)"[^>]*>(?P<body>.*?)</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="(?P<name>[^"]+)" value="(?P<value>[^"]*)"')


class Visitor:
    """One browser. `page` is what it shows, `url` where it stands, `leads_to` a redirect not followed."""

    def __init__(self, web: str) -> None:
        self.web = web
        self.http = requests.Session()
        self.http.trust_env = False
        self.page, self.url, self.status, self.leads_to = "", web, 0, ""

    def see(self, answer: requests.Response) -> str:
        self.page, self.url, self.status = " ".join(answer.text.split()), answer.url, answer.status_code
        self.leads_to = answer.headers.get("Location", "")
        return self.page

    def go(self, path: str) -> str:
        return self.see(self.http.get(urljoin(self.web, path), timeout=30))

    def send(self, action: str, **typed: Any) -> str:
        """Send the form on the page whose action is `action`, hidden fields included, and follow where it leads."""
        form = next((found for found in FORM.finditer(self.page) if found["action"] == action), None)
        assert form is not None, f"no form {action} on {self.url}"
        fields = {found["name"]: found["value"] for found in HIDDEN.finditer(form["body"])}
        answer = self.http.post(
            urljoin(self.web, action), data=fields | typed, headers={"Referer": self.url}, timeout=30
        )
        return self.see(answer)

    def put_in_cart(self, slug: str, quantity: int) -> str:
        self.go(f"/shop/{slug}/")
        return self.send("/cart/add/", quantity=quantity)

    def fill_cart(self, **quantities: int) -> str:
        """`fill_cart(valor=2)`: pieces by the first word of their design."""
        for word, quantity in quantities.items():
            self.put_in_cart(f"{word}-tassel-earrings", quantity)
        return self.page

    def pay_with(self, card: str, *, come_back: bool = True) -> str:
        """Fill in the payment page; without `come_back` the browser is closed before it returns to us."""
        form = {
            "email": "bea@example.org",
            "name": "Bea Buyer",
            "card_number": card,
            "exp": "12 / 34",
            "cvc": "123",
            "postal": "64111",
            "shipping_name": "Bea Buyer",
            "shipping_line1": "12 Main Street",
            "shipping_city": "Kansas City",
            "shipping_state": "MO",
            "shipping_postal_code": "64111",
            "shipping_country": "US",
        }
        return self.see(self.http.post(self.url, data=form, allow_redirects=come_back, timeout=30))
