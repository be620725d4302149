"""The bank account in the play: what the bank would export is imported, matched, and explained by two people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlsplit

from django.db.models import Exists, Max, OuterRef

from config.demo.hands import Hands
from config.demo.visitor import DoorClosed
from ledger.manual_entries import current_hash
from ledger.models import Entry, ManualEntry
from partners.models import BankAccount, BankLine, Match, MatchItem, PartnerPayout
from payments.models import StripePayout
from people.queries import local_day

FEE, DEPOSIT = "Monthly account fee", "DEPOSIT STARTING MONEY"
WITHOUT_NAME = "ACH CREDIT"
FEE_MINOR, DEPOSIT_MINOR = -1_200, 50_000
STARTING_WORDS = "The founders paid in the starting money of the shop."
EXPLAINED = (Match.Kind.EXPLAINED, Match.Kind.BOOKED)
NOBODY_KNOWS = (("COUNTER DEPOSIT 0417", 8_500), ("CARD PURCHASE PACKAGING DEPOT 4471", -3_840))


@dataclass(frozen=True, slots=True)
class Line:
    """What the bank writes on one line of a statement."""

    on: date
    text: str
    amount_minor: int

    def __str__(self) -> str:
        return f"{self.on},{self.text},{_figures(self.amount_minor)}"


class Bank:
    """An account that opens with the play; each statement begins where the one before it ended."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands
        self.opened_on = date.max

    def open(self, today: date) -> None:
        """Petra books the starting money by hand, Anton approves it; the first statement shows it."""
        self.opened_on = today
        form = {
            "effective_on": today.isoformat(),
            "currency": "USD",
            "reason": "bank_difference",
            "words": STARTING_WORDS,
            "line-TOTAL_FORMS": "2",
            "line-INITIAL_FORMS": "0",
            "line-0-account": "bank",
            "line-0-owner": BankAccount.objects.get().ref,
            "line-0-debit": _figures(DEPOSIT_MINOR),
            "line-1-account": "contributions",
            "line-1-credit": _figures(DEPOSIT_MINOR),
        }
        slip = ("deposit-slip.txt", STARTING_WORDS.encode(), "text/plain")
        self.hands.petra.post("/desk/by-hand/new/", form, files={"document": slip})
        row = ManualEntry.objects.get()
        approval = {"content_hash": current_hash(row, STARTING_WORDS)}
        self.hands.confirmed(self.hands.anton, f"/desk/by-hand/{row.pk}/approve/", approval)

    def read_month_end(self, month_end: date) -> None:
        """The last statement of a month, with the bank's fee; none of a month before the account was there."""
        if month_end >= self.opened_on:
            self._read(month_end, [*_from_stripe(month_end), Line(month_end, FEE, FEE_MINOR)])

    def read_until(self, last_on: date) -> None:
        """What moved up to `last_on`. Raises DoorClosed where a partner's payout was not found on it."""
        self._read(last_on, _from_stripe(last_on))
        # Petra sent them and Anton brought the lines, which name them: nobody has to confirm.
        if any(_sent_until(last_on)):
            raise DoorClosed("A payout was not found on the bank's statement.")

    def read_latest(self, today: date) -> None:
        """The newest statement, in the month that is still open, leaves work to the staff.

        Nobody knows some of its lines, and the last that came from Stripe does not say so: a person has to confirm it.
        """
        if self._known_to() >= today:
            return
        arrived = list(_from_stripe(today))
        arrived[-1:] = [replace(line, text=WITHOUT_NAME) for line in arrived[-1:]]
        unknown = [Line(today, text, amount_minor) for text, amount_minor in NOBODY_KNOWS]
        self._read(today, [*arrived, *unknown])

    def _read(self, last_on: date, more: Iterable[Line]) -> None:
        lines = [*self._deposit(last_on), *_to_partners(last_on), *more]
        self._import(sorted(lines, key=lambda line: line.on), last_on)
        self._explain()

    def _deposit(self, last_on: date) -> Iterator[Line]:
        if self._known_to() < self.opened_on <= last_on:
            yield Line(self.opened_on, DEPOSIT, DEPOSIT_MINOR)

    def _known_to(self) -> date:
        known: date | None = BankAccount.objects.get().statements.aggregate(last=Max("last_on"))["last"]
        return known or self.opened_on - timedelta(days=1)

    def _import(self, lines: list[Line], last_on: date) -> None:
        """What the bank exported since the statement before, through the dry run and then in."""
        account = BankAccount.objects.get()
        before = account.statements.order_by("last_on", "pk").last()
        opening_minor = before.closing_minor or 0 if before else 0
        about = {
            "account": str(account.pk),
            "first_on": (self._known_to() + timedelta(days=1)).isoformat(),
            "last_on": last_on.isoformat(),
            "opening": _figures(opening_minor),
            "closing": _figures(opening_minor + sum(line.amount_minor for line in lines)),
        }
        statement = "\r\n".join(["Date,Description,Amount", *map(str, lines), ""])
        file = (f"operating-{last_on}.csv", statement.encode(), "text/csv")
        checked = self.hands.anton.post("/desk/bank/upload/", about, files={"file": file})
        if checked.status_code != 200:
            raise DoorClosed("The bank's statement was not accepted.")
        self.hands.confirmed(self.hands.anton, f"{urlsplit(checked.url).path}accept/", {})

    def _explain(self) -> None:
        """Petra says what lines are that no rule knows: fees, once for all later ones, and the starting money.

        Anton confirms both; what arrived from Stripe and was not certain is left to whoever opens the desk.
        """
        petra, anton = self.hands.petra, self.hands.anton
        explained = MatchItem.objects.filter(line=OuterRef("pk"), is_active=True)
        lines = BankLine.objects.filter(~Exists(explained))
        for line in lines.filter(description=FEE):
            petra.post(f"/desk/bank/lines/{line.pk}/explain/", {"purpose": "bank_fees", "always": "yes"})
        for line in lines.filter(description=DEPOSIT):
            entry = Entry.objects.get(kind="manual")
            petra.post(f"/desk/bank/lines/{line.pk}/by-hand/", {"entry": entry.idempotency_key})
        for match in Match.objects.filter(state=Match.State.PROPOSED, kind__in=EXPLAINED):
            self.hands.confirmed(anton, "/desk/bank/matches/confirm/", {"match": str(match.pk)})


def _from_stripe(last_on: date) -> Iterator[Line]:
    """Stripe's payouts that have arrived since, by the name that Stripe says the bank gives them."""
    shown = MatchItem.objects.filter(stripe_payout=OuterRef("pk"), is_active=True)
    arrived = StripePayout.objects.filter(~Exists(shown), status=StripePayout.Status.PAID, arrival_on__lte=last_on)
    for payout in arrived.order_by("arrival_on", "pk"):
        yield Line(payout.arrival_on, f"STRIPE TRANSFER {payout.trace_id}", payout.amount_minor)


def _to_partners(last_on: date) -> Iterator[Line]:
    for payout in _sent_until(last_on):
        name = payout.partner.name.replace(",", " ")
        yield Line(last_on, f"ACH {name} {payout.reference}", -payout.amount_minor)


def _sent_until(last_on: date) -> Iterator[PartnerPayout]:
    """On their way to partners, and sent by then."""
    payouts = PartnerPayout.objects.filter(state=PartnerPayout.State.IN_FLIGHT).select_related("partner", "batch")
    for payout in payouts.order_by("pk"):
        if payout.batch.sent_at is not None and local_day(payout.batch.sent_at) <= last_on:
            yield payout


def _figures(amount_minor: int) -> str:
    return f"{'-' if amount_minor < 0 else ''}{abs(amount_minor) // 100}.{abs(amount_minor) % 100:02}"
