"""Partners who are paid through Stripe, with money in our balance there, and a batch of theirs that is approved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from ledger import queries as books
from ledger.operations.open_months import open_months
from partners import books as books_of_partners
from partners.destination_details import Details
from partners.models import Agreement, Partner, PartnerPayout, PayoutBatch, PayoutPolicy
from partners.operations.activate_agreement import activate_agreement
from partners.operations.allocate import ShareLine, allocate
from partners.operations.approve_batch import approve_batch
from partners.operations.change_destination import change_destination
from partners.operations.confirm_destination import confirm_destination
from partners.operations.prepare_agreement import prepare_agreement
from partners.operations.propose_batch import propose_batch
from payments.models import StripeCall
from people import clock
from people.models import Organisation, User
from people.queries import local_day
from tests.local_stripe import LocalStripe
from tests.partners.conftest import person
from tests.partners.money import settle_charge
from tests.partners.signing import keep
from tests.payments.test_balance_with_sandbox import api

FUNDS = 90_000


class StripePayouts:
    """Two people, partners with connected accounts, and a batch of theirs that is approved."""

    def __init__(self, sandbox: LocalStripe) -> None:
        self.sandbox = sandbox
        open_months(around=clock.now())
        Organisation.objects.update_or_create(
            pk=1, defaults={"display_name": "Tassel", "zone_name": "America/Chicago", "currency": "usd"}
        )
        PayoutPolicy.objects.update_or_create(pk=1, defaults={"refund_window_days": 0, "destination_wait_days": 0})
        self.ana, self.ben = (_person(name) for name in ("ana", "ben"))

    def fund(self, amount_minor: int = FUNDS) -> None:
        self.sandbox.do("balance_transactions", type="topup", amount=amount_minor, available_in_s=0)

    def partner(self, slug: str, *, onboarded: bool = True) -> Agreement:
        """A partner with a confirmed Stripe account, and a promise of all that is sold of one product."""
        wanted: Any = {"type": "express", "capabilities": {"transfers": {"requested": True}}}
        account = str(api().accounts.create(wanted).id)
        if onboarded:
            self.sandbox.do(f"accounts/{account}/onboard")
        partner = Partner.objects.create(slug=slug, name=slug.title(), remittance_email=f"office@{slug}.example")
        details = Details(method="connect", stripe_account=account)
        now = clock.now()
        entered = change_destination(partner_id=partner.pk, details=details, by=self.ana, now=now)
        entered.stripe_ready_at = now
        entered.save(update_fields=["stripe_ready_at"])
        confirm_destination(destination_id=entered.pk, by=self.ben, note="Called them.", now=now)
        today = local_day(now)
        draft = prepare_agreement(
            partner=partner,
            scope_key=f"product:{slug}",
            scope_label=slug,
            rate_num=100,
            rate_den=100,
            starts_on=today.replace(month=1, day=1),
            ends_on=today.replace(month=12, day=31),
            by=self.ana,
            now=now,
        )
        return activate_agreement(agreement_id=keep(draft, self.ana, now).pk, by=self.ben, now=now)

    def earn(self, agreement: Agreement, amount_minor: int, number: int) -> None:
        """A sale whose whole price is the partner's, available at once."""
        now = clock.now()
        at = now - timedelta(days=3)
        line = ShareLine(f"order_line:{number}", "1 x Valor", "Valor", 1, amount_minor, amount_minor, (agreement.pk,))
        with transaction.atomic():
            settle_charge(f"ch_earned_{number}", amount_minor, at, now=now)
            allocate(
                source=f"order:{number}",
                charge_ref=f"stripe:charge:ch_earned_{number}",
                currency="usd",
                lines=[line],
                bound_at=at,
                earned_at=at,
                now=now,
            )

    def approved(self) -> PayoutBatch:
        now = clock.now()
        batch = propose_batch(by=self.ana, as_of=local_day(now), currency="usd", now=now)
        return approve_batch(batch_id=batch.pk, by=self.ben, content_hash=batch.content_hash, now=now)

    def at_stripe(self) -> dict[str, list[int]]:
        """Account -> the amounts that reached it."""
        sent: dict[str, list[int]] = {}
        for one in api().transfers.list({"limit": 100}).auto_paging_iter():
            sent.setdefault(str(one.destination), []).append(one.amount)
        return sent


def owed(partner: Partner) -> tuple[int, int]:
    """What the partner is owed: (payable, in flight)."""
    return -books.balance("payable", partner.owner), -books.balance("payout_in_flight", partner.owner)


def unanswered() -> int:
    return StripeCall.objects.filter(state__in=["intended", "sent", "unknown"]).count()


def states() -> list[str]:
    return list(PartnerPayout.objects.order_by("pk").values_list("state", flat=True))


def findings() -> list[str]:
    return [finding for check in books_of_partners.CHECKS for finding in check.find()]


def _person(name: str) -> User:
    return person(f"{name}@tassel.example", "finance preparer", "finance approver")
