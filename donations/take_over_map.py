"""Which fund another system's subscription gives to, by its price, its product or a word of its metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from donations.models import Fund
from payments.subscriptions import SubscriptionFound
from people.csv_files import Record, read
from people.money import NotAnAmount, parse_figure

BYTES_MAX: Final = 200_000
ROWS_MAX: Final = 2_000
METADATA: Final = "metadata:"


class RowsRefused(ValueError):
    """Rows of the map that cannot be read; `str(error)` names each by its line."""


class _BadCell(ValueError):
    """One cell cannot be read."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a gift goes; `cover`, what of it covers the fee: empty, an amount, or the metadata key that holds cents."""

    fund: Fund
    cover: str


@dataclass(frozen=True, slots=True)
class TakeOverMap:
    """The table as it was read, in the organisation's currency."""

    targets: Mapping[str, Target]
    currency: str

    def target_of(self, found: SubscriptionFound) -> Target | None:
        """The most specific row: a word of the metadata, then the price, then the product; None where none fits."""
        words = [f"{METADATA}{key}={value}" for key, value in sorted(found.metadata.items())]
        keys = [*words, found.price_ref, found.product_ref]
        return next((self.targets[key] for key in keys if key in self.targets), None)

    def cover_minor(self, target: Target, found: SubscriptionFound) -> int:
        """What of each charge covers the fee. Raises ValueError where the metadata does not say it in cents."""
        if not target.cover.startswith(METADATA):
            return parse_figure(target.cover, self.currency) if target.cover else 0
        typed = found.metadata.get(target.cover.removeprefix(METADATA), "0")
        if not (typed.isascii() and typed.isdecimal() and len(typed) <= 9):
            raise ValueError(f"its metadata says “{typed[:20]}” for the fee cover, not a number of cents")
        return int(typed)


def read_map(content: bytes, *, currency: str) -> TakeOverMap:
    """The map from CSV: stripe (price_…, prod_… or metadata:key=value), fund (its slug), cover. All rows or none.

    Raises NotReadable, RowsRefused.
    """
    records = read(
        content, required=("stripe", "fund"), optional=("cover", "note"), bytes_max=BYTES_MAX, rows_max=ROWS_MAX
    )
    funds = {fund.slug: fund for fund in Fund.objects.all()}
    targets: dict[str, Target] = {}
    refused = []
    for record in records:
        try:
            key, target = _row(record, funds, currency)
            if key in targets:
                raise _BadCell(f"{key} has a row already")
            targets[key] = target
        except _BadCell as error:
            refused.append(f"line {record.number}: {error}")
    if refused:
        raise RowsRefused(_joined(refused))
    return TakeOverMap(targets, currency)


def _row(record: Record, funds: Mapping[str, Fund], currency: str) -> tuple[str, Target]:
    if record.problem:
        raise _BadCell(record.problem.rstrip("."))
    key, slug, cover = (record.cells.get(name, "") for name in ("stripe", "fund", "cover"))
    if not key.startswith(("price_", "prod_", "plan_")) and not ("=" in key and key.startswith(METADATA)):
        raise _BadCell(f"stripe: “{key[:60]}” is not price_…, prod_… or metadata:key=value")
    if slug not in funds:
        raise _BadCell(f"fund: there is no fund “{slug[:60]}”")
    if cover and not cover.startswith(METADATA):
        try:
            parse_figure(cover, currency)
        except NotAnAmount as error:
            raise _BadCell(f"cover: {str(error).rstrip('.')}") from error
    return key, Target(funds[slug], cover)


def _joined(refused: Sequence[str]) -> str:
    shown = "; ".join(refused[:10])
    return f"{len(refused)} rows of the map are refused: {shown}."
