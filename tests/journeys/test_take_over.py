"""Monthly gifts that another system began at Stripe are carried on: listed, taken over, renewed, managed, stopped."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from donations.models import Gift, Plan, PlanEvent, PlanSubscription
from donations.operations import take_over_plans as operation
from donations.operations.take_over_plan import take_over_plan
from ledger.models import Entry
from ledger.operations.begin_books import begin_books
from ledger.queries import balance
from partners.models import Allocation, Partner
from payments import gateway
from payments.models import AdoptedSubscription, StripeCall, StripeCustomer, StripeEvent
from payments.subscriptions import subscriptions_found
from people import clock
from people.models import Supporter, User
from people.operations.find_or_make_supporter import find_or_make_supporter
from people.queries import local_day
from tests.another_system import Joined, api, customer, join, price
from tests.journeys.test_monthly_gift import findings, owed, partners, sign_in, subjects, work
from tests.journeys.visitor import Visitor
from tests.local_stripe import LocalStripe

__all__ = ["partners"]
pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "ada@example.org"


@pytest.fixture
def old(partners: list[Partner], webhooks: LocalStripe) -> LocalStripe:
    """Stripe as another system left it on the evening before the books begin; its webhooks reach nobody yet."""
    webhooks.pause_webhooks()
    return webhooks


@pytest.fixture
def donor(live_server: Any) -> Visitor:
    return Visitor(live_server.url)


def cut_over(stripe: LocalStripe) -> None:
    """The next day begins, and the books with it; webhooks come to us from now on."""
    stripe.settle()
    stripe.advance(days=1)
    begin_books(on=local_day(clock.now()), now=clock.now())
    stripe.resume_webhooks()
    work(stripe)


def written(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "map.csv"
    path.write_text("\n".join(["stripe,fund,cover", *rows]))
    return path


def said(capsys: Any) -> list[str]:
    return str(capsys.readouterr().out).splitlines()


def plans() -> list[tuple[str, int, int, str]]:
    rows = Plan.objects.order_by("email")
    return [(row.email, row.amount_minor, row.fee_cover_minor, row.state) for row in rows]


def test_a_gift_is_carried_on_and_its_donor_can_stop_it(
    old: LocalStripe, donor: Visitor, partners: list[Partner], tmp_path: Path, capsys: Any
) -> None:
    """Two months of another system, the cut-over, a month of ours, My giving, the end."""
    by_price = price(2580)
    joined = join(by_price)
    old.advance(days=32)
    cut_over(old)
    assert (Plan.objects.count(), balance("contributions", "fund:seed-collective")) == (0, 0)
    by_map = written(tmp_path, f"{by_price},seed-collective,0.80")

    call_command("take_over_plans", by_map)
    assert "1 subscriptions: 1 can be taken over, 0 are plans already, 0 are over, 0 cannot be taken over." in said(
        capsys
    )
    assert (Plan.objects.count(), Supporter.objects.count(), StripeCustomer.objects.count()) == (0, 0, 0)

    call_command("take_over_plans", by_map, "--apply")
    assert said(capsys)[-1] == "1 taken over, 0 gifts since the books began recorded. Nothing changed at Stripe."
    assert StripeCall.objects.count() == 0
    assert plans() == [(EMAIL, 2580, 80, "active")]
    plan = Plan.objects.get()
    at_stripe = api().subscriptions.retrieve(joined.subscription)
    assert int(plan.next_at.timestamp()) == at_stripe["items"].data[0].current_period_end  # type: ignore[union-attr]
    assert plan.started_at is not None and int(plan.started_at.timestamp()) == at_stripe.start_date
    assert at_stripe.metadata.to_dict() == {}
    assert (Gift.objects.count(), subjects(old)) == (0, [])

    old.advance(days=32)
    work(old)
    gift = Gift.objects.get()
    assert (gift.plan, gift.charged_minor, gift.fee_cover_minor) == (plan, 2580, 80)
    assert owed(partners) == [1000, 1000]
    assert balance("contributions", "fund:seed-collective") == -2500
    assert subjects(old) == ["Thank you for $25.80 this month"]

    page = sign_in(donor, old)
    assert "$25.80 a month to Seed Collective" in page
    assert "Visa ending 4242" in page
    donor.go(f"/my/plans/{plan.pk}/stop/")
    assert "Your monthly gift is stopped." in donor.send(f"/my/plans/{plan.pk}/stop/", reason="")
    work(old)
    assert api().subscriptions.retrieve(joined.subscription).status == "canceled"
    old.advance(days=40)
    work(old)
    assert (Gift.objects.count(), findings()) == (1, [])
    assert not StripeEvent.objects.filter(state="dead").exists()


def test_running_it_twice_changes_nothing(old: LocalStripe, tmp_path: Path, capsys: Any) -> None:
    by_price = price()
    join(by_price)
    cut_over(old)
    by_map = written(tmp_path, f"{by_price},seed-collective,")
    call_command("take_over_plans", by_map, "--apply", "--mark", "--customers")
    before = rows()
    capsys.readouterr()

    call_command("take_over_plans", by_map, "--apply", "--mark", "--customers")

    assert rows() == before
    assert "1 subscriptions: 0 can be taken over, 1 are plans already, 0 are over, 0 cannot be taken over." in said(
        capsys
    )


def rows() -> list[Any]:
    tables = (Plan, PlanSubscription, PlanEvent, Gift, Supporter, User, AdoptedSubscription, StripeCustomer, StripeCall)
    return [list(model.objects.order_by("pk").values()) for model in tables]  # type: ignore[attr-defined]


def test_what_was_paid_between_the_cut_over_and_the_take_over_is_recorded_once(
    old: LocalStripe, partners: list[Partner], tmp_path: Path, capsys: Any
) -> None:
    """Its events were ignored, because nothing said whose they were; what was paid before the books began stays out."""
    by_price = price()
    join(by_price)
    old.advance(days=25)
    cut_over(old)
    old.advance(days=8)
    work(old)
    assert Gift.objects.count() == 0
    by_map = written(tmp_path, f"{by_price},seed-collective,")

    call_command("take_over_plans", by_map, "--apply")

    assert "1 taken over, 1 gifts since the books began recorded. Nothing changed at Stripe." in said(capsys)
    work(old)
    assert (Gift.objects.count(), owed(partners), balance("clearing")) == (1, [1000, 1000], 0)
    call_command("reconcile", "--days", "60", "--repair")
    assert (Gift.objects.count(), findings()) == (1, [])


def refuse(reason: str, capsys: Any) -> None:
    [line] = [line for line in said(capsys) if line.startswith("CANNOT")]
    assert reason in line, line


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda p: join(price(2500, currency="eur")), "it is in EUR, not USD"),
        (lambda p: join(p, items=[{"price": p, "quantity": 2}]), "its quantity is 2"),
        (lambda p: join(p, items=[{"price": p}, {"price": price(100)}]), "it has 2 items"),
        (lambda p: join(p, trial_period_days=7), "it is in a trial"),
        (lambda p: join(price(2500, interval="year")), "it is not monthly"),
        (lambda p: join(price(2500, interval_count=3)), "it is not monthly"),
        (lambda p: join(price(700)), "the map has no row for its price, product or metadata"),
        (lambda p: join(p, email=None), "its customer has no e-mail address"),
        (lambda p: join(p, metadata={"kind": "plan", "subject": "plan:77"}), "names plan:77 of ours"),
        (lambda p: changed(join(p), pause_collection={"behavior": "void"}), "its collection is paused"),
        (lambda p: changed(join(p), cancel_at_period_end=True), "it ends by itself"),
        (lambda p: join(p, metadata={"cover": "many"}), "its metadata says “many” for the fee cover"),
        (lambda p: join(p, metadata={"cover": "2500"}), "the fee cover is not less than the whole amount"),
    ],
)
def test_what_cannot_be_carried_on_says_why_and_is_left_alone(
    old: LocalStripe, tmp_path: Path, capsys: Any, make: Callable[[str], Joined], reason: str
) -> None:
    by_price = price()
    left = make(by_price)
    eur = api().subscriptions.retrieve(left.subscription)["items"].data[0].price.id
    known = {by_price, *([] if "no row" in reason else [eur])}
    by_map = written(tmp_path, *[f"{one},seed-collective,metadata:cover" for one in sorted(known)])
    cut_over(old)

    call_command("take_over_plans", by_map, "--apply", "--report", tmp_path / "report.csv")

    refuse(reason, capsys)
    assert not PlanSubscription.objects.filter(subscription_ref=left.subscription).exists()
    report = list(csv.DictReader((tmp_path / "report.csv").open(newline="")))
    assert reason in next(row for row in report if row["subscription"] == left.subscription)["reasons"]


def test_of_two_of_one_person_and_fund_the_older_is_taken(old: LocalStripe, tmp_path: Path, capsys: Any) -> None:
    by_price = price()
    first = join(by_price)
    old.advance(seconds=5)
    join(by_price, of=first.customer)
    cut_over(old)

    call_command("take_over_plans", written(tmp_path, f"{by_price},seed-collective,"), "--apply")

    refuse("this address gives each month to Seed Collective already", capsys)
    assert PlanSubscription.objects.get().subscription_ref == first.subscription


def changed(joined: Joined, **params: Any) -> Joined:
    api().subscriptions.update(joined.subscription, params)
    return joined


def test_a_failed_payment_and_an_ended_one_are_told_apart(old: LocalStripe, tmp_path: Path, capsys: Any) -> None:
    by_price = price()
    join(by_price, of=customer(card="pm_card_chargeCustomerFail"), trial_period_days=2)
    api().subscriptions.cancel(join(by_price, email="bea@example.org").subscription, {})
    old.advance(days=4)
    cut_over(old)

    call_command("take_over_plans", written(tmp_path, f"{by_price},seed-collective,"), "--apply")

    lines = said(capsys)
    assert any(line.startswith("CANNOT") and "its last payment failed" in line for line in lines)
    assert any(line.startswith("OVER") for line in lines)
    assert Plan.objects.count() == 0


def test_metadata_wins_over_price_and_price_over_product(old: LocalStripe, tmp_path: Path) -> None:
    from donations.operations.define_fund import define_fund

    for slug in ("by-price", "by-word"):
        define_fund(slug=slug, name=slug, purpose=slug, tiers_minor=[2500])
    product = str(api().products.create({"name": "Giving"}).id)
    by_price = price(2500, product=product)
    join(price(900, product=product), email="a@example.org")
    join(by_price, email="b@example.org")
    join(by_price, email="c@example.org", metadata={"for": "homes"})
    cut_over(old)
    by_map = written(tmp_path, f"{product},seed-collective,", f"{by_price},by-price,", "metadata:for=homes,by-word,")

    call_command("take_over_plans", by_map, "--apply")

    assert list(Plan.objects.order_by("email").values_list("email", "fund__slug")) == [
        ("a@example.org", "seed-collective"),
        ("b@example.org", "by-price"),
        ("c@example.org", "by-word"),
    ]


def test_a_known_supporter_is_never_edited(old: LocalStripe, tmp_path: Path, capsys: Any) -> None:
    known = find_or_make_supporter(email=EMAIL, name="Ada Lovelace", now=clock.now())
    by_price = price()
    joined = join(by_price, email="ADA@example.org")
    customer("bea@example.org", "Bea")
    customer(None, "Nobody")
    cut_over(old)

    call_command("take_over_plans", written(tmp_path, f"{by_price},seed-collective,"), "--apply", "--customers")

    known.refresh_from_db()
    assert (known.name, Plan.objects.get().supporter) == ("Ada Lovelace", known)
    assert StripeCustomer.objects.get(customer_id=joined.customer).supporter == known
    assert list(Supporter.objects.order_by("email").values_list("email", flat=True)) == [EMAIL, "bea@example.org"]
    assert "Customers: 1 new supporters, 0 known by their address, 1 here already, 1 without an address." in said(
        capsys
    )


def test_marked_at_stripe_by_a_key_that_is_kept(old: LocalStripe, tmp_path: Path) -> None:
    by_price = price()
    joined = join(by_price, metadata={"theirs": "1"})
    cut_over(old)

    call_command("take_over_plans", written(tmp_path, f"{by_price},seed-collective,"), "--apply", "--mark")

    plan = Plan.objects.get()
    marked = api().subscriptions.retrieve(joined.subscription).metadata.to_dict()
    assert marked == {"theirs": "1", "kind": "plan", "subject": plan.ref}
    call = StripeCall.objects.get()
    assert (call.purpose, call.state, call.target) == ("mark_subscription", "done", joined.subscription)


def test_listing_misses_nothing_that_was_there_while_others_join(
    old: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 29: pages of two, and somebody joins between any two of them."""
    by_price = price()
    before = [join(by_price, email=f"{number}@example.org").subscription for number in range(5)]
    monkeypatch.setattr(gateway, "PAGE", 2)

    found = []
    for number, one in enumerate(subscriptions_found()):
        found.append(one.subscription_ref)
        join(by_price, email=f"late{number}@example.org")

    assert sorted(found) == sorted(before)
    assert len(list(subscriptions_found())) == 10


@pytest.mark.parametrize("die_after", [1, 2])
@pytest.mark.parametrize("at", ["rows", "catching up"])
def test_a_killed_run_is_gone_on_with(old: LocalStripe, tmp_path: Path, at: str, die_after: int) -> None:
    """Killed after some plans, or before their gifts of the time since the books began are caught up with."""
    by_price = price()
    for number in range(3):
        join(by_price, email=f"{number}@example.org")
    old.advance(days=25)
    cut_over(old)
    old.advance(days=8)
    work(old)
    by_map = written(tmp_path, f"{by_price},seed-collective,")

    die_in_a_child(by_map, at, die_after)
    assert Plan.objects.count() == (die_after if at == "rows" else 3)
    assert Gift.objects.count() == (0 if at == "rows" else die_after)
    call_command("take_over_plans", by_map, "--apply")

    assert (Plan.objects.count(), Gift.objects.count(), AdoptedSubscription.objects.count()) == (3, 3, 3)
    assert not AdoptedSubscription.objects.filter(caught_up_at=None).exists()
    work(old)
    assert findings() == []


def die_in_a_child(by_map: Path, at: str, die_after: int) -> None:
    """Run the command in a child that is killed by SIGKILL after so many steps."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            gateway._gateway.cache_clear()
            name = "take_over_plan" if at == "rows" else "catch_up_subscription"
            setattr(operation, name, dying(getattr(operation, name), die_after))
            call_command("take_over_plans", by_map, "--apply")
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def dying(work_: Callable[..., Any], after: int) -> Callable[..., Any]:
    done = 0

    def worked(**named: Any) -> Any:
        nonlocal done
        if done == after:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1
        return work_(**named)

    return worked


def test_a_renewal_that_comes_while_it_is_taken_over_is_one_gift(
    old: LocalStripe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its event is worked on between the rows and the catching up."""
    by_price = price()
    join(by_price)
    old.advance(days=25)
    cut_over(old)

    def renewed_meanwhile(**named: Any) -> Any:
        outcome = take_over_plan(**named)
        old.advance(days=8)
        work(old)
        return outcome

    monkeypatch.setattr(operation, "take_over_plan", renewed_meanwhile)
    call_command("take_over_plans", written(tmp_path, f"{by_price},seed-collective,"), "--apply")

    work(old)
    assert (Gift.objects.count(), Allocation.objects.count()) == (1, 2)
    assert Entry.objects.filter(kind="gift").count() == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("stripe\nprice_1\n", "no column “fund”"),
        (
            "stripe,fund\ncus_1,seed-collective\n",
            "line 2: stripe: “cus_1” is not price_…, prod_… or metadata:key=value",
        ),
        ("stripe,fund\nprice_1,nothing\n", "line 2: fund: there is no fund “nothing”"),
        ("stripe,fund\nprice_1,seed-collective\nprice_1,seed-collective\n", "line 3: price_1 has a row already"),
        ("stripe,fund,cover\nprice_1,seed-collective,1.005\n", "line 2: cover: “1.005” has more than 2 decimals"),
    ],
)
def test_a_map_that_cannot_be_read_is_one_sentence(old: LocalStripe, tmp_path: Path, text: str, why: str) -> None:
    cut_over(old)
    path = tmp_path / "map.csv"
    path.write_text(text)

    with pytest.raises(CommandError) as refused:
        call_command("take_over_plans", path, "--apply")
    assert why in str(refused.value)


def test_without_a_beginning_a_file_or_stripe_nothing_is_taken_over(
    old: LocalStripe, tmp_path: Path, settings: Any
) -> None:
    by_map = written(tmp_path)
    with pytest.raises(CommandError, match="begin_books"):
        call_command("take_over_plans", by_map)
    cut_over(old)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("take_over_plans", tmp_path / "none.csv")
    with pytest.raises(CommandError, match="needs --apply"):
        call_command("take_over_plans", by_map, "--mark")
    by_map = written(tmp_path, "price_1,seed-collective,")
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="Stripe could not be asked"):
        call_command("take_over_plans", by_map)
