"""The whole path in a browser: an order and a monthly gift, from Stripe to the partner's PDF and payout."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from config.demo.ground import Staff
from ledger import queries as books
from partners.models import Partner, PartnerPayout
from people import clock
from people.queries import local_day
from tests.browser.person import Person
from tests.browser.worker import Worker
from tests.local_stripe import LocalStripe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GOOD_CARD, DECLINED_CARD = "4242424242424242", "4000000000000002"
DONOR = "ada@example.org"


def words_of(pdf: bytes, folder: Path) -> str:
    """The text of a PDF, a line per row."""
    file = folder / "statement.pdf"
    file.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout


def test_from_a_pair_of_earrings_to_the_partners_bank(
    person: Any, stage: LocalStripe, worker: Worker, team: list[Staff], tmp_path: Path
) -> None:
    petra, anton, _ = team
    begun_on = local_day(clock.now())

    # A buyer fills a cart: 2 Valor, 1 ReHope, 1 plain.
    buyer: Person = person(phone=True)
    buyer.go("/")
    buyer.look("home-before")
    buyer.go("/shop/")
    buyer.look("shop")
    buyer.follow("Valor tassel earrings")
    buyer.reads("20% of the price of each Valor tassel earring ($4.80 of $24.00)")
    buyer.look("product")
    buyer.put_in_cart("Valor tassel earrings", 2)
    buyer.put_in_cart("ReHope tassel earrings", 1)
    buyer.put_in_cart("Plain tassel earrings", 1)
    buyer.go("/cart/")
    buyer.reads("$91.00")
    buyer.look("cart")

    # The first card is declined: nothing is posted, the page says so, another card works.
    buyer.press("Pay with Stripe")
    buyer.pay(DECLINED_CARD, email="bea@example.org", name="Bea Buyer")
    buyer.reads("Your card was not charged.")
    assert sum(books.balances_by_owner("sales").values()) == 0
    buyer.pay(GOOD_CARD, email="bea@example.org", name="Bea Buyer")
    buyer.page.wait_for_url(f"{buyer.web}/orders/**")
    buyer.reads("$9.60")
    buyer.reads("Dahlia's Hope")
    buyer.reads("$5.60")
    buyer.reads("Restoration House KC")
    buyer.look("order")

    # A donor joins the circle at $25 a month.
    donor: Person = person()
    donor.go("/give/")
    donor.look("give")
    donor.page.get_by_label("Monthly").check()
    donor.page.get_by_label("$25", exact=True).check()
    donor.page.get_by_label("E-mail").fill(DONOR)
    donor.press("Continue to payment")
    donor.pay(GOOD_CARD, email=DONOR)
    donor.page.wait_for_url(f"{donor.web}/give/thanks/**")
    donor.reads("$10.00")
    donor.look("thanks")

    # A month later a second gift appears by itself.
    stage.settle()
    stage.advance(days=31, hours=3)
    donor.go("/my/")
    donor.look("sign-in")
    donor.sign_in(DONOR)
    donor.go("/my/")
    until_two(donor)
    donor.look("my-giving")

    # Both partners' statements hold exactly those shares.
    staff: Person = person()
    staff.go("/desk/")
    staff.sign_in(petra.email, petra)
    stage.settle()
    first_month, second_month = f"{begun_on:%Y-%m}", f"{local_day(clock.now()):%Y-%m}"
    shares = {
        "Dahlia's Hope": ("Valor tassel earrings", "2", "$48.00", "$9.60", "$19.60"),
        "Restoration House KC": ("ReHope tassel earrings", "1", "$28.00", "$5.60", "$15.60"),
    }
    staff.go(f"/desk/statements/?month={first_month}")
    staff.press("Make all statements")
    for partner, (design, units, basis, share, total) in shares.items():
        staff.page.get_by_role("link", name=f"PDF of {partner}").wait_for()
        words = words_of(staff.download(f"PDF of {partner}"), tmp_path)
        assert row(words, design) == [units, basis, "20%", share]
        assert row(words, "Seed Collective") == ["1", "$25.00", "40%", "$10.00"]
        assert row(words, "Promised by sales and gifts") == [total]
    staff.look("desk-statements")
    staff.go(f"/desk/statements/?month={second_month}")
    staff.press("Make all statements")
    for partner, (*_, total) in shares.items():
        staff.page.get_by_role("link", name=f"PDF of {partner}").wait_for()
        words = words_of(staff.download(f"PDF of {partner}"), tmp_path)
        assert "Nothing with a promise" in words
        assert row(words, "Seed Collective") == ["1", "$25.00", "40%", "$10.00"]
        assert row(words, "Promised by sales and gifts") == ["$10.00"]
        assert f"${float(total[1:]) + 10:.2f}" in words

    # The shares are proposed, approved by another person, sent, and found on the bank's statement.
    stage.advance(days=16)
    approver: Person = person()
    approver.go("/desk/")
    approver.sign_in(anton.email, anton)
    approver.go("/desk/")
    approver.look("desk")
    staff.go("/desk/payouts/")
    staff.look("payouts")
    staff.press("Propose $55.20 to 2 partners")
    staff.reads("Another person must approve")
    assert staff.page.get_by_role("button", name="Approve").count() == 0
    approver.go(staff.page.url.removeprefix(staff.web))
    approver.look("batch")
    approver.press("Approve $55.20")
    staff.page.reload()
    staff.press("Send $55.20")
    staff.reads("On its way")

    stage.advance(days=1)
    lines = [
        f"{local_day(clock.now())},ACH {payout.reference},-{payout.amount_minor // 100}.{payout.amount_minor % 100:02}"
        for payout in PartnerPayout.objects.all()
    ]
    statement = tmp_path / "bank.csv"
    statement.write_text("\r\n".join(["Date,Description,Amount", *lines, ""]))
    approver.go("/desk/bank/")
    approver.page.get_by_label("Statement file").set_input_files(statement)
    approver.press("Check the file")
    approver.look("bank-check")
    approver.press("Import 2 lines")
    approver.look("bank-imported")
    approver.go("/desk/bank/")
    approver.look("bank")
    assert set(PartnerPayout.objects.values_list("state", flat=True)) == {"settled"}
    for partner in Partner.objects.all():
        assert books.balance("payable", partner.owner) == books.balance("payout_in_flight", partner.owner) == 0
    assert sum(books.balances_by_owner("bank").values()) == -5520
    buyer.go("/partners/dahlias-hope/")
    buyer.reads("$29.60")
    buyer.look("partner")
    buyer.go("/partners/")
    buyer.look("partners")


def until_two(donor: Person) -> None:
    """Two gifts of $25 stand in the history; the second may still be on its way through the worker."""
    for _ in range(60):
        if (
            donor.page.locator("main").inner_text().count("$10.00 ") >= 2
            or donor.page.get_by_text("$25.00").count() >= 3
        ):
            return
        donor.page.wait_for_timeout(500)
        donor.page.reload()
    raise AssertionError(donor.page.locator("main").inner_text())


def row(words: str, name: str) -> list[str]:
    """The cells of the last row of the page that begins with `name`."""
    rows = [line.strip() for line in words.splitlines() if line.strip().startswith(name)]
    cells = [line.removeprefix(name).split() for line in rows]
    return max(cells, key=len)


def test_who_goes_back_from_stripe_finds_the_cart_as_it_was(person: Any, stage: LocalStripe, worker: Worker) -> None:
    buyer: Person = person(phone=True)
    buyer.put_in_cart("Valor tassel earrings", 1)
    buyer.go("/cart/")
    buyer.press("Pay with Stripe")
    buyer.page.wait_for_url(f"{stage.url}/c/pay/**")
    buyer.page.get_by_role("link", name="back", exact=False).first.click()
    buyer.reads("not charged")
    buyer.look("cancelled")
    buyer.go("/cart/")
    buyer.reads("$24.00")
    stage.advance(hours=2)

    assert books.balance("sales") == books.balance("clearing") == 0
