"""Somebody with a browser: what they do, and what is checked on every page they see."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, TimeoutError, expect

from config.demo.ground import Staff
from tests.local_stripe import LocalStripe

WAIT_MS = 45_000
PICTURES = os.environ.get("TASSEL_PICTURES", "")
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Person:
    """One browser of its own. `look` takes every page through the accessibility rules, and a picture when asked to."""

    def __init__(self, browser: Browser, web: str, stripe: LocalStripe, *, phone: bool) -> None:
        self.web, self.stripe = web, stripe
        self.context = browser.new_context(viewport=PHONE if phone else DESKTOP, reduced_motion="reduce")
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.faults: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.device = "phone" if phone else "desktop"

    def _hear(self, message: ConsoleMessage) -> None:
        """Keep what our own pages complain of; Stripe's page may well answer 402 to a card."""
        if message.type == "error" and message.location["url"].startswith(self.web):
            self.faults.append(message.text)

    def leave(self) -> None:
        self.context.close()

    def go(self, path: str) -> None:
        self.page.goto(f"{self.web}{path}")

    def press(self, words: str) -> None:
        self._click("button", words)

    def follow(self, words: str) -> None:
        self._click("link", words)

    def _click(self, role: Literal["button", "link"], words: str) -> None:
        try:
            self.page.get_by_role(role, name=words, exact=False).first.click()
        except TimeoutError:
            raise AssertionError(f"no {role} '{words}' on {self.page.url}:\n{self.page.inner_text('main')}") from None

    def reads(self, words: str) -> None:
        """The page says so, perhaps only after it has refreshed itself."""
        expect(self.page.locator("main")).to_contain_text(words, timeout=WAIT_MS)

    def look(self, name: str) -> None:
        """Nothing is wider than the screen, nothing breaks WCAG 2.2 AA, nothing was refused or failed in the page."""
        self.page.wait_for_load_state("load")  # a click returns when the next page begins, which has no element yet
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{PICTURES}/{name}-{self.device}.png", full_page=True)
        wider = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{name}: {wider} px wider than the screen"
        found = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": LEVELS}})
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        assert self.faults == [], f"{name}: {self.faults}"

    def put_in_cart(self, design: str, quantity: int) -> None:
        self.go("/shop/")
        self.follow(design)
        self.page.get_by_label("Quantity").fill(str(quantity))
        self.press("Add to the cart")

    def pay(self, card_words: str = "Succeeds", *, email: str, name: str = "Ada Abel") -> None:
        """Fill in Stripe's page: a test card by one tap, the rest by hand."""
        page = self.page
        page.wait_for_url(f"{self.stripe.url}/c/pay/**")
        if page.get_by_label("E-mail").count():
            page.get_by_label("E-mail").fill(email)
        if page.get_by_label("Street and number").count():
            page.get_by_role("textbox", name="Name", exact=True).fill(name)
            page.get_by_label("Street and number").fill("12 Main Street")
            page.get_by_label("City").fill("Kansas City")
            page.get_by_label("State").fill("MO")
            page.locator("#shipping_postal_code").fill("64111")
        self.choose_card(card_words)
        page.locator("button.primary").click()

    def choose_card(self, number: str) -> None:
        wanted = self.page.locator(f"input[name=test_card][value='{number}']")
        if not wanted.is_visible():
            self.page.locator("details summary").click()
        wanted.check()

    def code_from_mail(self, email: str) -> str:
        until = time.monotonic() + WAIT_MS / 1000
        while time.monotonic() < until:
            for mail in self.stripe.mails(email):
                if found := re.search(r"^ {4}(\S{6,12})\s*$", mail["text"], re.MULTILINE):
                    return found.group(1)
            time.sleep(0.1)
        raise AssertionError(f"no sign-in code reached {email}")

    def sign_in(self, email: str, staff: Staff | None = None) -> None:
        """With the code from the mail, and the second factor for staff."""
        if "/account/login" not in self.page.url:
            self.go("/account/login/")
        self.page.get_by_label("Email").fill(email)
        self.press("Send me a code")
        self.page.get_by_label("Code").fill(self.code_from_mail(email))
        self.press("Sign in")
        if staff:
            self.page.wait_for_url("**/account/2fa/authenticate/**")
            if time.time() % 30 > 20:
                time.sleep(30 - time.time() % 30)  # a code about to end would be refused
            counter = int(time.time()) // 30
            self.page.get_by_label("Code").fill(format_hotp_value(hotp_value(staff.secret, counter)))
            self.page.locator("main button[type=submit]").first.click()
        self.page.wait_for_url(lambda url: "/account/" not in urlsplit(url).path)

    def download(self, link_words: str) -> bytes:
        """The bytes behind a link, fetched with this person's cookies."""
        address: Any = self.page.get_by_role("link", name=link_words).first.get_attribute("href")
        answer = self.context.request.get(f"{self.web}{address}")
        assert answer.ok, answer.status
        return bytes(answer.body())
