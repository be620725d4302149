"""A year of payouts to two partners as the bank tells of them: each month one of the things that happen to them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Protocol

from partners.bank.bank_days import after
from partners.destination_details import Details
from partners.models import Agreement, Partner, PartnerPayout
from partners.operations.approve_batch import approve_batch
from partners.operations.change_destination import change_destination
from partners.operations.confirm_destination import confirm_destination
from partners.operations.propose_batch import propose_batch
from partners.operations.send_batch import send_batch
from people.models import User
from tests.partners.conftest import NOW, active, person
from tests.partners.money import earn

FIRST_MONTH = date(2025, 8, 20)
LONG_BEFORE = datetime(2025, 6, 2, 17, tzinfo=UTC)


class Told(Protocol):
    """What the year keeps of what really happened."""

    payouts: dict[str, int]
    certain: dict[str, set[str]]
    proposed: dict[str, set[str]]
    differing: dict[str, int]
    unknown: set[str]
    late: set[str]

    def add(self, day: date, amount_minor: int, text: str) -> str: ...


def a_year_of_partners(truth: Told, ana: User, ben: User) -> None:
    """Ana proposes, Ben approves, and Carla sends, so that whoever imports the lines had none of it leave."""
    carla = person("carla@tassel.example", "finance preparer")
    agreements = [
        _promised(slug, name, ana, ben) for slug, name in (("first", "Aster Hall"), ("second", "Birch House"))
    ]
    for month in range(12):
        at = datetime.combine(_month(month), time(17), UTC)
        for place, agreement in enumerate(agreements):
            basis = 30_000 if month == 7 else 20_000 + 1_000 * month + 5_000 * place
            earn(agreement, basis, 100 + 2 * month + place, days_ago=(NOW - at).days + 30)
        batch = propose_batch(by=ana, as_of=at.date(), currency="usd", now=at)
        approve_batch(batch_id=batch.pk, by=ben, content_hash=batch.content_hash, now=at)
        send_batch(batch_id=batch.pk, by=carla, now=at)
        first, second = batch.payouts.select_related("partner").order_by("partner__slug")
        truth.payouts |= {one.reference: -one.amount_minor for one in (first, second)}
        _one_month(truth, month, at.date(), first, second)


def _month(number: int) -> date:
    years, month = divmod(FIRST_MONTH.month - 1 + number, 12)
    return date(FIRST_MONTH.year + years, month + 1, FIRST_MONTH.day)


def _promised(slug: str, name: str, ana: User, ben: User) -> Agreement:
    partner = Partner.objects.create(slug=slug, name=name)
    details = Details(method="bank", words=f"Bank of {name}")
    entered = change_destination(partner_id=partner.pk, details=details, by=ana, now=LONG_BEFORE)
    confirm_destination(destination_id=entered.pk, by=ben, note="Called the director.", now=LONG_BEFORE)
    return active(partner, ana, ben, f"product:{slug}", starts_on=date(2025, 1, 1))


def _one_month(  # noqa: PLR0912 - one branch for each thing that happens
    truth: Told, month: int, sent_on: date, first: PartnerPayout, second: PartnerPayout
) -> None:
    day = after(sent_on, 1 + month % 3)
    ours, amount = first.reference, -first.amount_minor
    spaced = f"{second.reference[:7]} {second.reference[7:]}"
    if month not in (3, 7):
        truth.certain[truth.add(day, -second.amount_minor, f"ACH CREDIT {spaced} BIRCH")] = {second.reference}
    match month:
        case 1:  # the bank breaks our reference
            text = f"PAYMENT {ours[:2]}-{ours[2:7]}-{ours[7:]}"
            truth.certain[truth.add(day, amount, text)] = {ours}
        case 2:  # amount, day and the partner's name are enough
            truth.certain[truth.add(day, amount, "WIRE ASTER HALL")] = {ours}
        case 3:  # one debit for both
            both = amount - second.amount_minor
            text = f"ACH BATCH {ours} {second.reference}"
            truth.certain[truth.add(day, both, text)] = {ours, second.reference}
        case 4:  # a cent off, by its reference
            truth.differing[truth.add(day, amount - 1, f"ACH {ours}")] = -1
        case 5:  # the bank never shows it
            truth.late.add(ours)
        case 6:  # nothing but its amount
            truth.proposed[truth.add(day, amount, "DEBIT MEMO")] = {ours}
        case 7:  # two of one amount, and lines that say nothing: nobody can tell them apart
            truth.unknown |= {truth.add(day, amount, "DEBIT MEMO") for _ in range(2)}
            truth.late |= {ours, second.reference}
        case 8:  # late, but named
            truth.certain[truth.add(after(sent_on, 9), amount, f"ACH {ours}")] = {ours}
        case 9:  # it arrives and comes back: a person looks at that
            truth.certain[truth.add(day, amount, f"ACH {ours}")] = {ours}
            back = truth.add(after(day, 5), -amount, f"ACH RETURN R03 {ours}")
            truth.payouts[f"{ours}:back"], truth.proposed[back] = -amount, {f"{ours}:back"}
        case 10:  # in two parts, both named
            for part in (amount + 1500, -1500):
                truth.certain[truth.add(day, part, f"ACH PART {ours}")] = {ours}
        case 11:  # somebody else's debit of the same amount on the same day
            truth.certain[truth.add(day, amount, f"ACH {ours}")] = {ours}
            truth.unknown.add(truth.add(day, amount, "STUDIO RENT"))
        case _:
            truth.certain[truth.add(day, amount, f"ACH CREDIT {ours}")] = {ours}
