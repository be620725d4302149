"""A bank's statement imported and matched with as many Stripe payouts, small and ten times as large."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db import connection, transaction

from config.bench.content import Figures, one_row, require
from config.bench.databases import Databases
from config.bench.sizes import Sizes
from config.bench.timing import seconds
from ledger.builders import stripe_payout
from ledger.operations.open_months import open_months
from ledger.operations.post_entry import post_entries
from partners.models import BankAccount, StatementFile
from partners.operations.accept_statement import accept_statement
from partners.operations.check_statement import check_statement
from partners.operations.match_lines import match_lines
from partners.operations.take_in_statement import take_in_statement
from partners.operations.upload_statement import upload_statement
from payments.models import StripePayout
from people.models import Organisation, User

AT_LEAST: Final[Figures] = {}
AT_MOST: Final = {"import_growth": 12.0, "match_growth": 12.0}
NOW: Final = datetime(2026, 11, 15, 12, tzinfo=UTC)
FIRST: Final = date(2025, 11, 1)
DAYS: Final = 360
AT_ONCE: Final = 1_000


def measure(sizes: Sizes) -> Figures:
    """Seconds at both sizes and their ratios. Raises WrongContent where a line or payout was left or lost."""
    times: dict[str, dict[str, float]] = {}
    with Databases() as databases:
        databases.make("bank empty")
        _prepare()
        for name, number in (("small", sizes.bank_small), ("large", sizes.bank_large)):
            databases.copy(name, "bank empty")
            databases.use(name)
            times[name] = _measure(number)
            databases.drop(name)
    small, large = times["small"], times["large"]
    return {
        "import_growth": large["import"] / small["import"],
        "match_growth": large["match"] / small["match"],
        "import_small_s": small["import"],
        "import_large_s": large["import"],
        "match_small_s": small["match"],
        "match_large_s": large["match"],
    }


def _prepare() -> None:
    Organisation.objects.create(display_name="Bench")
    User.objects.create_user("ana@bench.invalid", is_staff=True)
    open_months(around=NOW)


def _measure(number: int) -> dict[str, float]:
    """Payouts with their entries first, untimed; then the file, step by step as a worker does it."""
    _pay_out(number)
    account, ana = BankAccount.objects.create(name="Checking"), User.objects.get()
    content = _statement(number)
    told: list[int] = []

    def take_in() -> None:
        file = upload_statement(account=account, file_name="year.csv", content=content, by=ana, now=NOW)
        check_statement(file_id=file.pk, now=NOW)
        accept_statement(file_id=file.pk, by=ana, now=NOW)
        take_in_statement(file_id=file.pk, now=NOW)

    found = {"import": seconds(take_in)}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    found["match"] = seconds(lambda: match_lines(now=NOW, tell=told.append))
    _require(number, told)
    return found


def _pay_out(number: int) -> None:
    for begin in range(0, number, AT_ONCE):
        some = range(begin, min(begin + AT_ONCE, number))
        drafts = [
            stripe_payout(
                bt_ref=f"stripe:bt:txn_{place}",
                amount_minor=_amount(place),
                source=f"stripe:payout:po_{place:07}",
                event_at=datetime.combine(_day(place, number), time(12), UTC),
                effective_on=_day(place, number),
                currency="usd",
            )
            for place in some
        ]
        with transaction.atomic():
            post_entries(drafts, now=NOW)
        StripePayout.objects.bulk_create(_payout(place, number) for place in some)


def _payout(place: int, number: int) -> StripePayout:
    day = _day(place, number)
    return StripePayout(
        payout_id=f"po_{place:07}",
        amount_minor=_amount(place),
        currency="usd",
        status="paid",
        method="standard",
        automatic=True,
        reconciliation_status="completed",
        created_at=datetime.combine(day, time(12), UTC),
        arrival_on=day,
        trace_id=f"TRACE{place:07}",
        bt_id=f"txn_{place}",
    )


def _statement(number: int) -> bytes:
    """Nine of ten lines name their payout, of the others the amount is its own; one in a hundred is a cent off."""
    rows = []
    for place in range(number):
        text = "STRIPE TRANSFER" if place % 10 == 3 else f"STRIPE TRANSFER TRACE{place:07}"
        cents = _amount(place) - (place % 100 == 50)
        day = _day(place, number) + timedelta(days=1)
        rows.append(f"{day},{text},{cents // 100}.{cents % 100:02}")
    return "\n".join(["Date,Description,Amount", *rows, ""]).encode()


def _day(place: int, number: int) -> date:
    return FIRST + timedelta(days=place * DAYS // number)


def _amount(place: int) -> int:
    """No two are equal or nearly."""
    return 10_000 + 7 * place


def _require(number: int, told: list[int]) -> None:
    """Every line is a confirmed match with its entry, or an exception where it is a cent off; nothing is left."""
    off = sum(place % 100 == 50 for place in range(number))
    matched, exceptions, lines, entries = one_row(
        """
        SELECT (SELECT count(*) FROM partners_match WHERE state = 'confirmed'),
               (SELECT count(*) FROM ledger_reconciliationexception WHERE kind = 'bank_amount_differs'),
               (SELECT count(*) FROM partners_bankline),
               (SELECT count(*) FROM ledger_entry WHERE kind = 'bank_line')
        """
    )
    require(lines == number, f"{lines} lines were imported, not {number}")
    require((matched, exceptions, entries) == (number - off, off, number - off), f"matched {matched}, off {exceptions}")
    require(told[-1] == number - off, f"progress ended at {told[-1]}")
    require(not StatementFile.objects.exclude(state="matching").exists(), "a file was left behind")
