"""Currencies that Stripe charges in, and the least it charges (docs.stripe.com/currencies)."""

from __future__ import annotations

from sandbox.errors import StripeError, invalid

AMOUNT_MINOR_MAX = 99_999_999

CODES = """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf
    clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr
    ils inr isk jmd jpy kes kgs khr kmf krw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk
    mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp
    sle sos srd std szl thb tjs top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw
"""
SUPPORTED = frozenset(CODES.split())

LEAST_MINOR = {"usd": 50, "eur": 50, "cad": 50, "aud": 50, "nzd": 50, "chf": 50, "gbp": 30, "jpy": 50}


def check_currency(currency: str, param: str) -> None:
    """Refuse anything but a supported code; lower case, as `usd`."""
    if currency not in SUPPORTED:
        supported = ", ".join(["usd", *sorted(SUPPORTED - {"usd"})])
        raise invalid(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {supported}", param=param
        )


def check_amount(amount_minor: int, param: str) -> None:
    """Refuse a price below zero or above Stripe's limit of eight digits."""
    if amount_minor < 0:
        raise invalid("This value must be greater than or equal to 0.", param=param, code="parameter_invalid_integer")
    if amount_minor > AMOUNT_MINOR_MAX:
        raise _too_large(param)


def check_total(total_minor: int, currency: str, param: str) -> None:
    """Refuse to charge less than the currency's least amount or more than eight digits."""
    least_minor = LEAST_MINOR.get(currency, 1)
    if total_minor < least_minor:
        raise invalid(
            "The Checkout Session's total amount due must add up to at least "
            f"{_spoken(least_minor, currency)} {currency}",
            param=param,
            code="amount_too_small",
        )
    if total_minor > AMOUNT_MINOR_MAX:
        raise _too_large(param)


def _spoken(amount_minor: int, currency: str) -> str:
    sign = {"usd": "$", "cad": "$", "aud": "$", "nzd": "$", "eur": "€", "gbp": "£"}.get(currency, "")
    return str(amount_minor) if currency == "jpy" else f"{sign}{amount_minor // 100}.{amount_minor % 100:02}"


def _too_large(param: str) -> StripeError:
    return invalid("Amount must be no more than $999,999.99", param=param, code="amount_too_large")
