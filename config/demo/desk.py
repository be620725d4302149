"""The staff's work in the play: each month is closed and stated, partners are paid, and the bank's lines are read."""

from __future__ import annotations

import time
from datetime import date, timedelta
from urllib.parse import urlsplit

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db.models import Exists, Max, OuterRef

from config.demo.ground import Staff, team
from config.demo.local_stripe import LocalStripe
from config.demo.places import Places
from config.demo.visitor import DoorClosed, Visitor
from ledger.closing import close_subject, current_hash
from ledger.models import MonthWork
from ledger.operations.close_month import current_closes
from partners.models import BankAccount, BankLine, Match, MatchItem, PartnerPayout, PayoutBatch
from partners.queries.eligible import policy
from reports.models import Document

CLOSING_DAY, PAYOUT_DAY, BANK_DAY = 3, 16, 19
WAIT_S = 60.0


class Desk:
    """Petra prepares, Anton approves: no step of money is done by one person alone."""

    def __init__(self, places: Places, stripe: LocalStripe) -> None:
        self.stripe = stripe
        self.petra, self.anton = Visitor(places.web), Visitor(places.web)
        self._secrets: dict[Visitor, str] = {}

    def sign_in(self) -> None:
        petra, anton, _ = team()
        self._secrets = {self.petra: petra.secret, self.anton: anton.secret}
        self._sign_in(self.petra, petra)
        self._sign_in(self.anton, anton)

    def daily_work(self, today: date) -> None:
        """What the calendar asks for today."""
        last_month_end = today.replace(day=1) - timedelta(days=1)
        if today.day == CLOSING_DAY:
            self.finish_month(last_month_end)
        elif today.day == PAYOUT_DAY:
            self._pay(last_month_end + timedelta(days=policy().refund_window_days))
        elif today.day == BANK_DAY:
            self._read_the_bank(today)

    def finish_month(self, month_end: date) -> None:
        """Close the month that ends on this day, unless it is closed already; then its statements."""
        yyyymm = month_end.year * 100 + month_end.month
        if yyyymm not in current_closes([yyyymm]):
            fee = f"{month_end},Monthly account fee,-12.00"
            self._import_lines(fee, until=month_end, name=f"operating-{month_end:%Y-%m}-end.csv")
            self._explain_fees()
            self._close(yyyymm)
        self._state(f"{month_end:%Y-%m}")

    def _explain_fees(self) -> None:
        """Petra says once that such lines are fees; later ones are proposed by that rule. Anton confirms."""
        explained = MatchItem.objects.filter(line=OuterRef("pk"), is_active=True)
        for line in BankLine.objects.filter(~Exists(explained)):
            self.petra.post(f"/desk/bank/lines/{line.pk}/explain/", {"purpose": "bank_fees", "always": "yes"})
        for match in Match.objects.filter(state=Match.State.PROPOSED, kind=Match.Kind.EXPLAINED):
            self._confirmed(self.anton, "/desk/bank/matches/confirm/", {"match": str(match.pk)})

    def _close(self, yyyymm: int) -> None:
        """Petra takes out the trial balance, closes softly and asks; Anton approves that, and a worker closes."""
        page = f"/desk/months/{yyyymm}/"
        self.petra.post(f"{page}trial-balance/", {})
        self.petra.post(f"{page}soft-close/", {"soft-reason": "The month is over."})
        self.petra.post(f"{page}propose/", {"propose-reason": "Every sale, gift and bank line of the month is in."})
        self._confirmed(self.anton, f"{page}approve/", {"content": current_hash(close_subject(yyyymm))})
        until = time.monotonic() + WAIT_S
        while yyyymm not in current_closes([yyyymm]):
            work = MonthWork.objects.filter(period=yyyymm).order_by("-pk").first()
            if work is None or work.state == MonthWork.State.STOPPED or time.monotonic() > until:
                raise DoorClosed(f"{yyyymm} was not closed: {work and (work.problem, work.found)}")
            time.sleep(0.1)

    def _state(self, period: str) -> None:
        """Make, wait for and publish every partner's statement."""
        self.petra.post("/desk/statements/request/", {"month": period})
        for document in _ready(period):
            if not document.published_at:
                self.anton.post(f"/desk/statements/{document.pk}/publish/", {})

    def _pay(self, as_of: date) -> None:
        """Propose, approve and send what is eligible on a day on which all shares of last month are old enough."""
        page = self.petra.get(f"/desk/payouts/?as_of={as_of.isoformat()}")
        if 'action="/desk/payouts/propose/"' not in page.text:
            return  # nothing is old enough or large enough yet
        self._confirmed(self.petra, "/desk/payouts/propose/", {"as_of": as_of.isoformat()})
        batch = PayoutBatch.objects.latest("pk")
        self._confirmed(self.anton, f"/desk/payouts/{batch.pk}/approve/", {"content_hash": batch.content_hash})
        self._confirmed(self.petra, f"/desk/payouts/{batch.pk}/send/", {})

    def _read_the_bank(self, today: date) -> None:
        sent = PartnerPayout.objects.filter(state=PartnerPayout.State.IN_FLIGHT).select_related("partner")
        rows = [
            f"{today - timedelta(days=1)},ACH {payout.partner.name.replace(',', ' ')} {payout.reference},"
            f"-{payout.amount_minor // 100}.{payout.amount_minor % 100:02}"
            for payout in sent
        ]
        if not rows:
            return
        self._import_lines(*rows, until=today - timedelta(days=1), name=f"operating-{today:%Y-%m}.csv")
        # Petra sent them and Anton brought the lines, which name them: nobody has to confirm.
        if PartnerPayout.objects.filter(state=PartnerPayout.State.IN_FLIGHT).exists():
            raise DoorClosed("A payout was not found on the bank's statement.")

    def _import_lines(self, *rows: str, until: date, name: str) -> None:
        """What the bank exported since the statement before and up to `until`, through the dry run and then in."""
        account = BankAccount.objects.get()
        before = account.statements.aggregate(last=Max("last_on"))["last"]
        since = before + timedelta(days=1) if before else until.replace(day=1)
        statement = "\r\n".join(["Date,Description,Amount", *rows, ""])
        file = (name, statement.encode(), "text/csv")
        about = {"account": str(account.pk), "first_on": since.isoformat(), "last_on": until.isoformat()}
        checked = self.anton.post("/desk/bank/upload/", about, files={"file": file})
        if checked.status_code != 200:
            raise DoorClosed("The bank's statement was not accepted.")
        self._confirmed(self.anton, f"{urlsplit(checked.url).path}accept/", {})

    def _sign_in(self, visitor: Visitor, staff: Staff) -> None:
        visitor.get("/account/login/code/")
        visitor.post("/account/login/code/", {"email": staff.email})
        until = time.monotonic() + WAIT_S
        while not (code := self.stripe.newest_code(staff.email)):
            if time.monotonic() > until:
                raise DoorClosed(f"No sign-in code reached {staff.email}.")
            time.sleep(0.1)
        visitor.post("/account/login/code/confirm/", {"code": code})
        landed = visitor.post("/account/2fa/authenticate/", {"code": _second_factor(staff.secret)})
        if "/account/" in landed.url:
            raise DoorClosed(f"{staff.email} could not sign in.")

    def _confirmed(self, visitor: Visitor, path: str, form: dict[str, str]) -> None:
        """A step with money: where the second factor is asked for once more, it is shown, and the form goes on."""
        landed = visitor.post(path, form)
        if "/account/2fa/reauthenticate/" in landed.url:
            code = _second_factor(self._secrets[visitor])
            landed = visitor.post("/account/2fa/reauthenticate/", {"code": code, "next": path})
        if "/account/" in landed.url:
            raise DoorClosed(f"{path} was not confirmed.")


def _second_factor(secret: str) -> str:
    """What the authenticator app shows now; a code about to end would be refused."""
    if time.time() % 30 > 25:
        time.sleep(30 - time.time() % 30)
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def _ready(period: str) -> list[Document]:
    """The month's documents, once the worker has made them all."""
    until = time.monotonic() + WAIT_S
    documents = Document.objects.filter(period=period)
    while documents.filter(state__in=["requested", "rendering"]).exists():
        if time.monotonic() > until:
            raise DoorClosed(f"The statements of {period} were not made in time.")
        time.sleep(0.1)
    return list(documents.filter(state="ready", superseded_by__isnull=True))
