"""Stripe's test cards and what each of them does (rules/stripe.md section 7, docs.stripe.com/testing)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class CardInput:
    """What a payer typed: `number` and `cvc` as digits with or without spaces, `exp_year` with four digits."""

    number: str
    exp_month: int
    exp_year: int
    cvc: str
    name: str = ""
    postal: str = ""


@dataclass(frozen=True)
class Decline:
    """Why a bank or Stripe refuses: `code` of the error, the bank's `decline_code` where one is given."""

    code: str
    decline_code: str | None
    message: str


@dataclass(frozen=True)
class TestCard:
    """One card number and its behaviour; without any it pays."""

    __test__ = False  # the name is Stripe's, not a test of ours

    number: str
    label: str
    brand: str = "visa"
    country: str = "US"
    decline: Decline | None = None
    """Every charge is refused, the first one included."""
    later_decline: Decline | None = None
    """The first payment with the payer present passes; every later charge without the payer is refused."""
    authentication: str | None = None
    """`always`: 3-D Secure for every payment on a page; `setup`: only when the card is kept for later."""
    dispute_reason: str | None = None
    """The charge is disputed at once; `inquiry` asks first."""
    fraud_warning: bool = False
    """The issuer reports the charge as fraud at once."""
    available_at_once: bool = False
    """The money skips the pending balance."""
    refund: str | None = None
    """`pending_then_succeeded` or `succeeded_then_failed`."""

    @property
    def last4(self) -> str:
        """The last four digits, as every page shows them."""
        return self.number[-4:]


GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
INSUFFICIENT_FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST_CARD = Decline("card_declined", "lost_card", "Your card was declined.")
STOLEN_CARD = Decline("card_declined", "stolen_card", "Your card was declined.")
INCORRECT_CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
EXPIRED_CARD = Decline("expired_card", "expired_card", "Your card has expired.")
PROCESSING_ERROR = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)
AUTHENTICATION_FAILED = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)
NOT_A_TEST_CARD = Decline(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test "
    "cards, visit: https://stripe.com/docs/testing.",
)
INCORRECT_NUMBER = Decline("incorrect_number", None, "Your card number is incorrect.")
INVALID_MONTH = Decline("invalid_expiry_month", None, "Your card's expiration month is invalid.")
INVALID_YEAR = Decline("invalid_expiry_year", None, "Your card's expiration year is in the past.")
INVALID_CVC = Decline("invalid_cvc", None, "Your card's security code is invalid.")

CARDS = (
    TestCard("4242424242424242", "Pays"),
    TestCard("5555555555554444", "Pays, Mastercard", brand="mastercard"),
    TestCard("378282246310005", "Pays, American Express", brand="amex"),
    TestCard("6011111111111117", "Pays, Discover", brand="discover"),
    TestCard("4000008260000000", "Pays, a British card", country="GB"),
    TestCard("4000000000000077", "Pays, money available at once", available_at_once=True),
    TestCard("4000000000003220", "Asks for 3-D Secure", authentication="always"),
    TestCard("4000002500003155", "Asks for 3-D Secure to be kept for later", authentication="setup"),
    TestCard("4000000000000002", "Declined", decline=GENERIC),
    TestCard("4000000000009995", "Declined: insufficient funds", decline=INSUFFICIENT_FUNDS),
    TestCard("4000000000009987", "Declined: lost card", decline=LOST_CARD),
    TestCard("4000000000009979", "Declined: stolen card", decline=STOLEN_CARD),
    TestCard("4000000000000127", "Declined: wrong security code", decline=INCORRECT_CVC),
    TestCard("4000000000000069", "Declined: expired", decline=EXPIRED_CARD),
    TestCard("4000000000000119", "Declined: processing error", decline=PROCESSING_ERROR),
    TestCard("4000000000000341", "Pays now, every later charge fails", later_decline=GENERIC),
    TestCard("4000000000000259", "Pays, disputed as fraudulent", dispute_reason="fraudulent"),
    TestCard("4000000000002685", "Pays, disputed as not received", dispute_reason="product_not_received"),
    TestCard("4000000000005423", "Pays, reported as fraud", fraud_warning=True),
    TestCard("4000000000001976", "Pays, opens an inquiry", dispute_reason="inquiry"),
    TestCard("4000000000007726", "Pays, a refund stays pending first", refund="pending_then_succeeded"),
    TestCard("4000000000005126", "Pays, a refund fails later", refund="succeeded_then_failed"),
)
BY_NUMBER = {card.number: card for card in CARDS}
PAYMENT_METHODS = {
    "pm_card_visa": BY_NUMBER["4242424242424242"],
    "pm_card_mastercard": BY_NUMBER["5555555555554444"],
    "pm_card_amex": BY_NUMBER["378282246310005"],
    "pm_card_bypassPending": BY_NUMBER["4000000000000077"],
    "pm_card_chargeCustomerFail": BY_NUMBER["4000000000000341"],
    "pm_card_createDispute": BY_NUMBER["4000000000000259"],
}
ON_THE_PAGE = tuple(
    BY_NUMBER[number]
    for number in (
        "4242424242424242",
        "4000000000003220",
        "4000000000000002",
        "4000000000009995",
        "4000000000000069",
        "4000000000000341",
    )
)
"""The cards that the payment page offers with one tap."""


def digits(text: str) -> str:
    """A number without the spaces and dashes that people type."""
    return text.replace(" ", "").replace("-", "")


def find(number: str) -> TestCard:
    """The test card with this number; any other well-formed number is declined as a real card in test mode."""
    return BY_NUMBER.get(digits(number)) or TestCard(digits(number), "Not a test card", decline=NOT_A_TEST_CARD)


def problem(card: CardInput, now: int) -> Decline | None:
    """What is wrong with the entry itself, before any bank is asked; `now` in unix seconds. None when nothing."""
    number, cvc = digits(card.number), card.cvc.strip()
    today = datetime.datetime.fromtimestamp(now, datetime.UTC)
    if not _passes_luhn(number):
        return INCORRECT_NUMBER
    if not 1 <= card.exp_month <= 12:
        return INVALID_MONTH
    if (card.exp_year, card.exp_month) < (today.year, today.month) or card.exp_year > today.year + 50:
        return INVALID_YEAR
    cvc_digits = 4 if find(number).brand == "amex" else 3
    if not cvc.isascii() or not cvc.isdecimal() or len(cvc) != cvc_digits:
        return INVALID_CVC
    return None


def _passes_luhn(number: str) -> bool:
    if not (number.isascii() and number.isdecimal() and 12 <= len(number) <= 19):
        return False
    doubled = (int(digit) * (1 + position % 2) for position, digit in enumerate(reversed(number)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
