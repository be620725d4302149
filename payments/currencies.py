"""Currencies that may enter: those that Stripe takes and whose minor units mean the same at Stripe and here.

`people.money` writes amounts by the ISO exponents; Stripe has exponents of its own (rules/ledger.md, rules/
reliability.md row 55). Where the two differ (ISK, UGX and others), an amount would be shown or charged a hundredfold,
so such a currency is refused at the door.
"""

from __future__ import annotations

from typing import Final

from people.money import exponent, is_currency

# docs.stripe.com/currencies: "usd 1000" is 10.00, "jpy 1000" is 1000, "kwd 1000" is 1.000.
_WHOLE: Final = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
_THOUSANDTHS: Final = frozenset("bhd jod kwd omr tnd".split())
_HUNDREDTHS: Final = frozenset(
    """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc
    cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr kyd
    kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr
    pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx uyu uzs wst xcd
    yer zar zmw
    """.split()
)


def processor_exponent(currency: str) -> int | None:
    """Decimal places of Stripe's minor units, None for what Stripe does not take."""
    for places, codes in ((2, _HUNDREDTHS), (0, _WHOLE), (3, _THOUSANDTHS)):
        if currency in codes:
            return places
    return None


def can_be_charged(amount_minor: int, currency: str) -> bool:
    """Whether this amount means at Stripe what it means here; amounts in thousandths must end in 0 at Stripe."""
    places = processor_exponent(currency)
    if places is None or not is_currency(currency) or exponent(currency) != places:
        return False
    return places != 3 or amount_minor % 10 == 0
