"""Sales of before Tassel are known here as history: nothing is owed, booked or counted in stock by them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, Literal

from django.db import transaction

from partners.models import PastShare
from people.models import Organisation, Supporter, User
from shop.models import PastSale, PastSaleLine, PastSalesImport
from shop.past_sales_csv import BadRow, Line, PastOrder, read_past_sales

AT_ONCE: Final = 2_000
Progress = Callable[[int], None]


class NotBegun(Exception):
    """Nobody has said on which day the books begin, so nobody knows which sales are past."""


class NothingNew(Exception):
    """Every order of the file is known already."""


class RowsRefused(ValueError):
    """Some rows cannot be imported, so nothing was; `looked` has the verdicts."""

    def __init__(self, looked: Looked) -> None:
        super().__init__(f"{len(looked.bad)} of the rows are refused, so nothing was imported.")
        self.looked = looked


@dataclass(frozen=True, slots=True)
class OrderVerdict:
    """What an import would do with one order."""

    order: PastOrder
    word: Literal["new", "known"]


@dataclass(frozen=True, slots=True)
class Looked:
    """The dry run: a verdict for each order, and the rows that keep the file out."""

    verdicts: tuple[OrderVerdict, ...]
    bad: tuple[BadRow, ...]
    sha256: str

    @property
    def new(self) -> list[PastOrder]:
        return [one.order for one in self.verdicts if one.word == "new"]


def look_at_past_sales(*, content: bytes, progress: Progress = lambda _number: None) -> Looked:
    """What the file would do. Writes nothing. An order whose number is here with other lines is refused.

    Raises NotBegun, NotReadable.
    """
    begin_on = Organisation.objects.get(pk=1).books_begin_on
    if begin_on is None:
        raise NotBegun("Say first on which day the books begin: manage.py begin_books 2027-01-01.")
    found = read_past_sales(content, before=begin_on, progress=progress)
    known = dict(PastSale.objects.values_list("number", "content_hash"))
    verdicts, bad = [], list(found.bad)
    for order in found.orders:
        if order.number not in known:
            verdicts.append(OrderVerdict(order, "new"))
        elif known[order.number] == order.content_hash:
            verdicts.append(OrderVerdict(order, "known"))
        elif order.lines:
            bad.append(BadRow(order.lines[0].number, order.number, "The order is here already, with other lines."))
    return Looked(tuple(verdicts), tuple(sorted(bad, key=lambda row: row.number)), hashlib.sha256(content).hexdigest())


@transaction.atomic
def import_past_sales(
    *, file_name: str, content: bytes, by: User, now: datetime, progress: Progress = lambda _number: None
) -> PastSalesImport:
    """Import every order of the file that is not known, or none at all. A known supporter's row is never edited.

    Raises NotBegun, NotReadable, RowsRefused, NothingNew; then nothing was imported.
    """
    # 1. One import at a time.
    Organisation.objects.select_for_update().get(pk=1)
    # 2. All or nothing.
    looked = look_at_past_sales(content=content)
    if looked.bad:
        raise RowsRefused(looked)
    if not looked.new:
        raise NothingNew("Every order of this file is known already.")
    # 3. Who bought.
    supporters = _supporters([order.lines[0] for order in looked.new], now)
    # 4. The orders, their lines, and what the partners had of them.
    imported = PastSalesImport.objects.create(
        sha256=looked.sha256, file_name=file_name[-120:], imported_by=by, imported_at=now
    )
    done = 0
    for some in _some(looked.new):
        _write(some, imported, supporters)
        done += len(some)
        progress(done)
    return imported


def _supporters(lines: Sequence[Line], now: datetime) -> dict[str, int]:
    """Address -> supporter, made where there is none."""
    wanted = {line.email.lower(): line.name for line in reversed(lines) if line.email}
    known = _known(wanted)
    missing = [
        Supporter(email=email, name=name, created_at=now) for email, name in wanted.items() if email not in known
    ]
    Supporter.objects.bulk_create(missing, batch_size=AT_ONCE, ignore_conflicts=True)
    return _known(wanted)


def _known(emails: Iterable[str]) -> dict[str, int]:
    wanted = set(emails)
    rows = Supporter.objects.values_list("email", "pk").iterator(chunk_size=AT_ONCE)
    return {email.lower(): pk for email, pk in rows if email.lower() in wanted}


def _write(orders: Sequence[PastOrder], imported: PastSalesImport, supporters: dict[str, int]) -> None:
    sales = PastSale.objects.bulk_create(
        PastSale(
            imported=imported,
            number=order.number,
            sold_on=order.lines[0].sold_on,
            supporter_id=supporters.get(order.lines[0].email.lower()),
            currency=order.lines[0].currency,
            goods_minor=sum(line.goods_minor for line in order.lines),
            content_hash=order.content_hash,
        )
        for order in orders
    )
    pairs = list(zip(sales, orders, strict=True))
    PastSaleLine.objects.bulk_create(
        PastSaleLine(
            sale=sale,
            position=position,
            sku=line.sku,
            design=line.design,
            units=line.units,
            goods_minor=line.goods_minor,
        )
        for sale, order in pairs
        for position, line in enumerate(order.lines, start=1)
    )
    PastShare.objects.bulk_create(
        PastShare(
            partner_id=int(line.partner.rpartition(":")[2]),
            source=sale.ref,
            sold_on=sale.sold_on,
            design=line.design,
            units=line.units,
            basis_minor=line.goods_minor,
            amount_minor=line.share_minor,
            currency=sale.currency,
        )
        for sale, order in pairs
        for line in order.lines
        if line.share_minor
    )


def _some(orders: Iterable[PastOrder]) -> Iterator[list[PastOrder]]:
    rest = iter(orders)
    while some := list(islice(rest, AT_ONCE)):
        yield some
