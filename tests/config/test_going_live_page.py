"""docs/going-live.md shows files and what the commands say to them: each is played, and the page cannot lie."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from donations.management.commands.take_over_plans import sentence
from donations.models import Fund
from donations.operations.define_fund import define_fund
from donations.take_over import PlanVerdict
from donations.take_over_map import read_map
from ledger.accounts import CHART
from ledger.operations.open_months import open_months
from partners.models import BankAccount, Partner
from payments.subscriptions import CustomerFound, SubscriptionFound
from people.models import Organisation

pytestmark = pytest.mark.django_db
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "going-live.md").read_text()
BLOCKS = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
NOW = datetime(2027, 1, 5, 18, tzinfo=UTC)


@pytest.fixture(autouse=True)
def organisation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    monkeypatch.setattr("payments.management.commands.open_books.ask_balance_at", lambda moment: {"usd": 31_420})
    open_months(around=NOW)
    Organisation.objects.create(display_name="Tassel", zone_name="America/Chicago")
    for slug, name in (("dahlias-hope", "Dahlia's Hope"), ("restoration-house-kc", "Restoration House KC")):
        Partner.objects.create(slug=slug, name=name)
    BankAccount.objects.create(pk=1, name="Checking", last4="1234")
    for slug in ("seed-collective", "homes"):
        define_fund(slug=slug, name=slug, purpose=slug, tiers_minor=[2500])


def file(starts: str, folder: Path) -> Path:
    path = folder / "file.csv"
    path.write_text(next(block for block in BLOCKS if block.startswith(starts)))
    return path


def output(command: str) -> str:
    """What the page says that a command answers."""
    [block] = [block for block in BLOCKS if block.startswith(f"$ manage.py {command}")]
    return block.partition("\n")[2]


def begun(capsys: Any) -> None:
    call_command("begin_books", "2027-01-01")
    assert capsys.readouterr().out == output("begin_books")


def test_the_balances_do_what_the_page_says(tmp_path: Path, capsys: Any) -> None:
    begun(capsys)

    call_command("open_books", file("account,owner", tmp_path))

    numbers = {row.owner: f"partner:{number}" for number, row in enumerate(Partner.objects.order_by("pk"), start=1)}
    said = re.sub(r"partner:\d+", lambda owner: numbers[owner[0]], capsys.readouterr().out)
    assert said.split() == output("open_books").split()


def test_past_sales_do_what_the_page_says(tmp_path: Path, capsys: Any) -> None:
    begun(capsys)

    call_command("import_past_sales", file("order,sold_on", tmp_path))

    assert capsys.readouterr().out == output("import_past_sales")


def test_the_map_can_be_read_and_verdicts_read_as_on_the_page(tmp_path: Path) -> None:
    by_map = read_map(file("stripe,fund", tmp_path).read_bytes(), currency="usd")
    assert len(by_map.targets) == 3
    fund = Fund.objects.get(slug="seed-collective")

    lines = [
        sentence(PlanVerdict(found("sub_1PaXample", 2580, day=14), "takes", (), fund, 80)),
        sentence(PlanVerdict(found("sub_1PbXample", 5000, day=31), "takes", (), fund, 0, is_known_supporter=True)),
        sentence(PlanVerdict(found("sub_1PcXample", 1000), "cannot", ("its quantity is 2",))),
        sentence(PlanVerdict(found("sub_1PdXample", 2500), "cannot", ("its last payment failed",))),
        sentence(PlanVerdict(found("sub_1PeXample", 1500), "over")),
    ]

    assert lines == output("take_over_plans").splitlines()[:5]


def found(ref: str, amount_minor: int, day: int = 1) -> SubscriptionFound:
    at = datetime(2026, 10, day, 18, tzinfo=UTC)
    return SubscriptionFound(
        subscription_ref=ref, customer=CustomerFound(customer_ref="cus_1", email="a@example.org", name="A"),
        currency="usd", amount_minor=amount_minor, price_ref="price_1", product_ref="prod_1", metadata={},
        anchor_at=at, started_at=at, created_at=at, next_at=at + timedelta(days=92), is_over=False, kind="", subject="",
        obstacles=(),
    )  # fmt: skip


def test_the_accounts_that_the_page_names_are_in_the_chart() -> None:
    codes = {line.code for line in CHART.values()}

    assert set(re.findall(r"\((\d{4})\)", PAGE)) <= codes
    assert len(re.findall(r"\((\d{4})\)", PAGE)) >= 4
