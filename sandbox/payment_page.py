"""The hosted payment page and the 3-D Secure page behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox import cards
from sandbox.banks import BANKS
from sandbox.context import Context
from sandbox.refusals import EMAIL

Session = dict[str, Any]
Answer = str | Response | tuple[str, int]

EXPIRY = re.compile(r"(\d{1,2})\s*[/\-. ]?\s*(\d{4}|\d{2})", re.ASCII)
TEST_EXPIRY = "12 / 34"
SHIPPING = ("name", "line1", "line2", "city", "state", "postal_code", "country")
SHIPPING_REQUIRED = {
    "name": "Enter the name of whoever receives it.",
    "line1": "Enter the street and number.",
    "city": "Enter the town or city.",
    "country": "Choose a country.",
}
VERBS = {"book": "Book", "donate": "Donate", "subscribe": "Subscribe"}
TOTAL_CHANGED = (
    "The total is another one now that tax and shipping are known. Please look at it and press the button again."
)
NOTICES = {"not-authenticated": cards.AUTHENTICATION_FAILED.message}


@dataclass(frozen=True)
class Entry:
    """What the payer typed, as typed, so that the form can show it again."""

    values: dict[str, str]
    expiry: tuple[int, int] | None

    @classmethod
    def read(cls, form: Mapping[str, str], fixed_email: str | None) -> Entry:
        """From the form's fields; a ticked test card stands in for empty card fields (no JavaScript needed)."""
        values = {name: value.strip() for name, value in form.items()}
        if values.get("test_card") and not values.get("card_number"):
            amex = cards.find(values["test_card"]).brand == "amex"
            defaults = {"card_number": values["test_card"], "exp": TEST_EXPIRY, "cvc": "1234" if amex else "123"}
            values |= {name: values.get(name) or default for name, default in defaults.items()}
        if fixed_email:
            values["email"] = fixed_email
        found = EXPIRY.fullmatch(values.get("exp", ""))
        return cls(values, (int(found[1]), _full_year(int(found[2]))) if found else None)

    def problems(self, session: Session) -> dict[str, str]:
        """What has to be typed differently before any bank is asked, by field."""
        problems = {}
        if EMAIL.fullmatch(self.values.get("email", "")) is None:
            problems["email"] = "Enter an e-mail address, such as you@example.org."
        if not self.bank_account:
            problems |= self._card_problems()
        if session["shipping_address_collection"]:
            missing = {name: text for name, text in SHIPPING_REQUIRED.items() if not self._shipping(name)}
            problems |= {f"shipping_{name}": text for name, text in missing.items()}
        if asks_for_state(session) and not self.values.get("state"):
            problems["state"] = "Enter your state, so that tax can be worked out."
        return problems

    @property
    def bank_account(self) -> str:
        """The number of the bank account to debit, where one was chosen in place of a card."""
        return self.values.get("bank_account", "")

    def _card_problems(self) -> dict[str, str]:
        problems = {}
        if not self.values.get("card_number"):
            problems["card_number"] = "Enter a card number, or choose a test card."
        if self.expiry is None:
            problems["exp"] = "Enter month and year, such as 12 / 34."
        if not self.values.get("cvc"):
            problems["cvc"] = "Enter the security code."
        return problems

    def card(self) -> cards.CardInput:
        """The card for the engine; ask `problems` first."""
        month, year = self.expiry or (0, 0)
        return cards.CardInput(
            number=self.values["card_number"],
            exp_month=month,
            exp_year=year,
            cvc=self.values["cvc"],
            name=self.values.get("name", ""),
            postal=self.values.get("postal", ""),
        )

    def shipping(self, session: Session) -> dict[str, Any] | None:
        """{"name", "address"} where the session collects one."""
        if not session["shipping_address_collection"]:
            return None
        address = {name: self._shipping(name) or None for name in SHIPPING if name != "name"}
        return {"name": self._shipping("name"), "address": address}

    def _shipping(self, name: str) -> str:
        return self.values.get(f"shipping_{name}", "")


def _full_year(year: int) -> int:
    return year if year >= 100 else 2000 + year


def payer_email(ctx: Context, session: Session) -> str | None:
    """The address that the shop or its customer record fixed, which the payer cannot change."""
    with ctx.store.lock:
        customer = ctx.store.find(session["customer"]) or {}
    email: str | None = customer.get("email") or session["customer_email"]
    return email


def _remembered(ctx: Context, session_id: str) -> dict[str, str]:
    """The payer's last entry without the card, so that a refused 3-D Secure step does not ask for it again."""
    with ctx.store.lock:
        payer = ctx.store.private.get(session_id, {}).get("payer") or {}
    shipping = payer.get("shipping") or {}
    known = {"email": payer.get("email"), "name": payer.get("name"), "shipping_name": shipping.get("name")}
    known |= {f"shipping_{name}": value for name, value in (shipping.get("address") or {}).items()}
    return {name: value for name, value in known.items() if value}


def success_url(session: Session) -> str:
    """The shop's return address with the session's id filled in."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def button(session: Session) -> str:
    """What the button says: `Pay`, `Donate`, `Subscribe`."""
    if session["mode"] == "setup":
        return "Save card"
    if session["mode"] == "subscription":
        return VERBS.get(session.get("submit_type") or "subscribe", "Subscribe")
    return VERBS.get(session.get("submit_type") or "", "Pay")


def asks_for_state(session: Session) -> bool:
    """Whether tax depends on where the payer lives, and nobody has said that."""
    return bool(session["automatic_tax"]["enabled"] and not session["shipping_address_collection"])


def add_routes(pages: Blueprint, ctx: Context) -> None:
    """`/c/pay/<session>` and `/c/authenticate/<action>`; both work without JavaScript."""

    @pages.get("/c/pay/<session_id>")
    def payment(session_id: str) -> Answer:
        session = ctx.engine.session_for_page(session_id)
        if session["status"] != "open":
            return _ended(ctx, session)
        message = NOTICES.get(request.args.get("notice", ""))
        return _form(ctx, session, _remembered(ctx, session_id), message=message)

    @pages.post("/c/pay/<session_id>")
    def pay(session_id: str) -> Answer:
        session = ctx.engine.session_for_page(session_id)
        if session["status"] == "expired":
            return _ended(ctx, session)
        entry = Entry.read(request.form, payer_email(ctx, session))
        problems = entry.problems(session)
        if problems:
            return _form(ctx, session, entry.values, problems), 400
        session = ctx.engine.locate(
            session_id,
            shipping=entry.shipping(session),
            state=entry.values.get("state") or None,
            shipping_rate=entry.values.get("shipping_rate"),
        )
        if entry.values.get("amount_shown", str(session["amount_total"])) != str(session["amount_total"]):
            return _form(ctx, session, entry.values, message=TOTAL_CHANGED), 409
        payer: Any = {
            "email": entry.values["email"],
            "name": entry.values.get("name") or None,
            "shipping": entry.shipping(session),
            "state": entry.values.get("state") or None,
        }
        if entry.bank_account:
            result = ctx.engine.debit(session_id, entry.bank_account, **payer)
        else:
            result = ctx.engine.pay(session_id, entry.card(), **payer)
        if result.state == "requires_action":
            return redirect(url_for(".authenticate", action_id=result.action_id), 303)
        if result.state == "succeeded" and result.redirect_url:
            return redirect(result.redirect_url, 303)
        return _form(ctx, session, entry.values, message=result.message), 402

    @pages.get("/c/authenticate/<action_id>")
    def authenticate(action_id: str) -> Answer:
        session = ctx.engine.session_of_action(action_id)
        if session["status"] != "open":
            return _ended(ctx, session)
        return render_template("pages/authenticate.html", session=session, account=ctx.settings.account_name)

    @pages.post("/c/authenticate/<action_id>")
    def answer(action_id: str) -> Answer:
        session = ctx.engine.session_of_action(action_id)
        result = ctx.engine.complete_action(action_id, approve=request.form.get("answer") == "approve")
        if result.state == "succeeded" and result.redirect_url:
            return redirect(result.redirect_url, 303)
        return redirect(url_for(".payment", session_id=session["id"], notice="not-authenticated"), 303)


def _form(
    ctx: Context,
    session: Session,
    values: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    message: str | None = None,
) -> str:
    rhythms = [line["price"]["recurring"] for line in session["line_items"]["data"]]
    return render_template(
        "pages/pay.html",
        session=session,
        account=ctx.settings.account_name,
        cancel_url=ctx.engine.cancel_url(session["id"]),
        fixed_email=payer_email(ctx, session),
        values=values or {},
        problems=problems or {},
        message=message,
        recurring=rhythms[0] if rhythms and all(rhythms) else None,
        verb=button(session),
        asks_for_state=asks_for_state(session),
        choices=ctx.engine.shipping_choices(session["id"]),
        offered=cards.ON_THE_PAGE,
        banks=BANKS if "us_bank_account" in session["payment_method_types"] else (),
        others=[card for card in cards.CARDS if card not in cards.ON_THE_PAGE],
    )


def _ended(ctx: Context, session: Session) -> Answer:
    complete = session["status"] == "complete"
    page = render_template(
        "pages/ended.html",
        session=session,
        account=ctx.settings.account_name,
        complete=complete,
        onward=success_url(session) if complete else ctx.engine.cancel_url(session["id"]),
    )
    return page, 200 if complete else 410
