"""Every address x every kind of visitor, own and other's objects: rules/reliability.md rows 61-65 and 71, H11."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.urls.resolvers import URLResolver

from config.roles import lay_roles
from donations.links import hash_of, token_for
from donations.models import Plan
from donations.operations.define_fund import define_fund
from donations.operations.record_plan_gift import record_plan_gift
from ledger.drafts import AccountRef, PostingDraft
from ledger.models import ManualEntry, Opening
from ledger.operations.begin_books import begin_books
from ledger.operations.propose_manual_entry import Content, File, propose_manual_entry
from ledger.operations.propose_opening import propose_opening
from partners.destination_details import Details
from partners.models import (
    AchEntry,
    AchFile,
    AchReturnFile,
    Agreement,
    AgreementDuty,
    AgreementEvent,
    BankAccount,
    BankLine,
    ColumnProfile,
    LearnedRule,
    Match,
    Partner,
    PartnerAccount,
    PartnerContact,
    PayoutDestination,
    PayoutPolicy,
    StatementFile,
    StateRule,
)
from partners.onboarding_links import token_of
from partners.operations.change_destination import change_destination
from partners.operations.hold_partner import hold_partner
from partners.operations.keep_paper import keep_paper
from people.access import ROLES
from people.models import Attachment, User
from people.operations.request_role import request_role
from reports.operations.request_document import request_statement
from shop.operations.define_product import VariantWanted, define_product
from tests.donations.conftest import invoice_paid
from tests.invariants.doors import DOORS, Door, door_of
from tests.partners import conftest as people
from tests.partners.conftest import NOW, draft, person
from tests.partners.money import earn
from tests.partners.test_payouts import propose, sent, statement
from tests.payments.desk_rows import stripe_rows
from tests.roles import give
from tests.shop.conftest import placed_order

pytestmark = pytest.mark.django_db
ana, ben, org, checking = people.ana, people.ben, people.org, people.checking
dahlias_hope, valor = people.dahlias_hope, people.valor

CONSOLE = "console/"
VISITORS = ("anonymous", "donor", "other donor", "no factor", "no role", *ROLES)
STAFF = VISITORS[3:]
PERSONAL = ("link", "owner", "signed in", "staff", "role")
# What a made-up object looks like in an address.
NOWHERE = {"token": "made-up-link", "slug": "no-such-thing", "sha256": "0" * 64, "uidb36": "1", "key": "a-b"}


def routes(patterns: list[Any] | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route, pattern


ROUTES = [(route, pattern) for route, pattern in routes() if not route.startswith(CONSOLE)]
CONSOLE_ROUTES = [route for route, _ in routes() if route.startswith(CONSOLE)]


def test_every_address_has_a_door_and_every_door_an_address() -> None:
    found = {route for route, _ in ROUTES}
    assert {route for route in found if not route.startswith("account/")} <= set(DOORS) <= found


@pytest.fixture
def known(
    valor: Agreement, checking: BankAccount, ana: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """One object behind each address; `plan_id` is the donor's."""
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    cache.clear()
    lay_roles()
    PayoutPolicy.objects.update_or_create(defaults={"refund_window_days": 0})
    define_product(
        slug="valor-tassel-earrings", name="Valor", published_from=NOW.replace(month=1), now=NOW,
        variants=[VariantWanted(sku="VALOR-DARK", option="Dark", price_minor=2400, counted=9)],
    )  # fmt: skip
    earn(valor, 20000, 1)
    payout = sent(ana, ben).payouts.get()
    statement(checking, ana, f"2026-10-20,ACH {payout.reference},-40.00", "2026-10-20,Unknown,-1.00")
    earn(valor, 30000, 2)
    batch = propose(ana)
    other = Partner.objects.create(slug="other", name="Other")
    entered = change_destination(partner_id=other.pk, details=Details(method="bank", words="A bank"), by=ana, now=NOW)
    order = placed_order(VALOR_DARK=1)
    plan = donors_plan()
    begin_books(on=date(2026, 9, 1), now=NOW)
    prenote = asked_of_a_bank(entered, ana)
    rows = stripe_rows(NOW)
    return {
        "token": order.token,
        "give": token_for(plan.attempt_key),
        "onboarding": token_of(stripe_account(other, ana)),
        "slug": {
            "shop": "valor-tassel-earrings",
            "products": "valor-tassel-earrings",
            "partners": "dahlias-hope",
            "partner": "dahlias-hope",
        },
        "month": "2026-09",
        "pk": 1,
        "order_id": order.order.pk,
        "gift_id": plan.gifts.get().pk,
        "plan_id": plan.pk,
        "agreement_id": draft(valor.partner, ana, scope_key="product:other").pk,
        "paper_id": kept_paper(ana).pk,
        "duty_id": state_duty().pk,
        "allocation_id": valor.allocations.order_by("pk")[0].pk,
        "opening_id": opening_balances(ana).pk,
        "manual_id": by_hand(ana).pk,
        "attachment_id": Attachment.objects.get(subject__startswith="manual:").pk,
        "batch_id": batch.pk,
        "payout_id": {"stripe": "po_1", "payouts": batch.payouts.get().pk},
        "partner_id": other.pk,
        "method": "bank",
        "destination_id": entered.pk,
        "file_id": {
            "ach-files": prenote.file_id,
            "files": StatementFile.objects.get().pk,
        },
        "prenote_id": prenote.pk,
        "return_id": AchReturnFile.objects.create(
            account=checking, file_name="returns.ach", sha256="1" * 64, uploaded_by=ana, uploaded_at=NOW
        ).pk,
        "hold_id": hold_partner(partner_id=other.pk, by=ana, reason="A question", now=NOW).pk,
        "match_id": Match.objects.get().pk,
        "line_id": BankLine.objects.get(amount_minor=-100).pk,
        "account_id": checking.pk,
        "profile_id": ColumnProfile.objects.create(account=checking, name="Export").pk,
        "rule_id": learned(checking, ana).pk,
        "document_id": request_statement(partner=valor.partner, month="2026-09", by=ana, now=NOW).document.pk,
        "entry_id": rows.entry.pk,
        "exception_id": rows.exception.pk,
        "event_id": "evt_1",
        "object_id": "ch_desk",
        "call_id": rows.call.pk,
        "bt_id": "txn_1",
        "grant_id": request_role(user=ana, role="auditor", by=ana, reason="New work.", now=NOW).pk,
        "yyyymm": 202609,
        "number": 1,
        "sha256": "0" * 64,
        "uidb36": "1",
        "key": "a-b",
    }


def learned(account: BankAccount, by: User) -> LearnedRule:
    match = Match.objects.get()
    return LearnedRule.objects.create(
        account=account, pattern="FEE", is_credit=False, purpose="bank_fees", learned_from=match, learned_by=by,
        learned_at=NOW,
    )  # fmt: skip


def asked_of_a_bank(destination: PayoutDestination, by: User) -> AchEntry:
    file = AchFile.objects.create(
        made_on=NOW.date(), modifier="A", made_at=NOW, made_by=by, effective_on=NOW.date(), header={}, sha256=""
    )
    return AchEntry.objects.create(file=file, paid_to=destination, trace=1, amount_minor=0)


def stripe_account(partner: Partner, by: User) -> PartnerAccount:
    return PartnerAccount.objects.create(
        partner=partner, asked_by=by, asked_at=NOW, state="made", stripe_account="acct_made_up1"
    )


def opening_balances(by: User) -> Opening:
    return propose_opening(
        file_name="old.csv", content=b"account,owner,currency,debit,credit\n1060,,usd,1,\n3010,,usd,,1\n",
        words="Trial balance.", stripe_minor={}, by=by, now=NOW,
    )  # fmt: skip


def by_hand(by: User) -> ManualEntry:
    lines = (PostingDraft(AccountRef("bank_fees"), AccountRef("bank"), 100),)
    content = Content("bank_difference", "A fee.", NOW.date(), "usd", lines)
    return propose_manual_entry(content=content, files=[File("fee.txt", b"A fee.")], by=by, now=NOW)


def kept_paper(by: User) -> AgreementEvent:
    """Of the draft that the addresses name."""
    draft = Agreement.objects.get(state="draft")
    return keep_paper(
        agreement_id=draft.pk, kind="signed", on=NOW.date(), name="signed.pdf", content=b"%PDF-1.7", by=by, now=NOW
    )


def state_duty() -> AgreementDuty:
    rule = StateRule.objects.get(state="NJ", duty="file")
    return AgreementDuty.objects.create(agreement=Agreement.objects.get(state="draft"), rule=rule, due_on=NOW.date())


def donors_plan() -> Plan:
    fund = define_fund(slug="seed", name="Seed", purpose="Seeds.", tiers_minor=[2500])
    key = "plan:donor:1"
    plan = Plan.objects.create(
        attempt_key=key, form_key="0" * 32, token_hash=hash_of(token_for(key)), email="donor@example.org", fund=fund,
        amount_minor=2500, currency="usd", asked_at=NOW,
    )  # fmt: skip
    record_plan_gift(invoice_paid(plan, NOW), now=NOW)
    return plan


def browser(visitor: str, **options: Any) -> Client:
    client = Client(**options)
    if visitor == "donor":
        client.force_login(User.objects.get(email="donor@example.org"))
    elif visitor == "other donor":
        client.force_login(User.objects.create_user("other@example.org"))
    elif visitor != "anonymous":
        user = person(f"{visitor.replace(' ', '.')}@tassel.example", *([visitor] if visitor in ROLES else []))
        if visitor != "no factor":
            Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
        if visitor == "partner contact":
            PartnerContact.objects.create(user=user, partner=Partner.objects.get(slug="dahlias-hope"))
        client.force_login(user)
    return client


def address(route: str, objects: dict[str, Any]) -> str:
    """The route with these objects in its places."""
    route = re.sub(r"\(\?P<\w+>[^)]*\)", "1", route)  # an expression's named part, then its first choice
    route = re.sub(r"\(([\w-]+)\|[^)]*\)", r"\1", route).replace("^", "").rstrip("$")

    def place(found: re.Match[str]) -> str:
        name = found["name"]
        kind = route.partition("/")[0]
        value = objects.get(kind) if name == "token" and kind in ("give", "onboarding") else objects.get(name)
        if isinstance(value, dict):
            value = next(value[part] for part in route.split("/") if part in value)
        return str(value if value is not None else NOWHERE.get(name, 999_999_999))

    return "/" + re.sub(r"<\w+:(?P<name>\w+)>", place, route)


def is_to(answer: HttpResponse, where: str) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith(where)


def passes(door: Door, visitor: str, answer: HttpResponse) -> bool:  # noqa: PLR0911 - one line for each kind of door
    """Whether the answer is what this visitor should get at this door, for an object that exists."""
    inside = answer.status_code < 400 and not is_to(answer, "/account/login/")
    told = inside or answer.status_code in (400, 409, 422)  # an empty form is answered, not turned away
    if door.kind == "anybody":
        return told or (answer.status_code == 404 and "/pictures/" in answer.wsgi_request.path)  # type: ignore[attr-defined]
    if door.kind == "link":
        return inside
    if door.kind == "stripe":
        return answer.status_code == 400
    if door.kind in ("nobody", "unpublished"):
        return answer.status_code == 404
    if door.kind == "signing in":
        return answer.status_code < 400
    if visitor == "anonymous":
        return is_to(answer, "/account/login/")
    if door.kind == "owner":
        return told if visitor == "donor" else answer.status_code == 404
    if door.kind == "signed in":
        return told or answer.status_code in (403, 404, 405)
    if visitor not in STAFF:
        return answer.status_code == 404
    if visitor == "no factor":
        return is_to(answer, "/account/2fa/totp/activate/")
    if door.kind == "role" and visitor not in door.roles:
        return answer.status_code == 403
    return told


@pytest.mark.parametrize("visitor", VISITORS)
def test_nobody_passes_a_door_that_is_not_theirs(known: dict[str, Any], visitor: str) -> None:
    client = browser(visitor)
    typed = {
        "cart/add/": {"sku": "VALOR-DARK", "quantity": 1},
        "desk/bank/lines/<int:line_id>/match/": {"payout": known["payout_id"]["payouts"]},
    }
    wrong = []
    for route, _ in ROUTES:
        door = door_of(route)
        for method in door.methods.split():
            if route in ("account/logout/",) and method == "POST":
                continue  # it works, and would end the walk
            answer = getattr(client, method.lower())(address(route, known), typed.get(route))
            if not passes(door, visitor, answer):
                wrong.append(f"{method} {route}: {answer.status_code} {answer.headers.get('Location', '')}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("visitor", VISITORS)
def test_what_does_not_exist_answers_like_a_strangers(known: dict[str, Any], visitor: str) -> None:
    """H11; to people who may not pass the door at all it says no more than that."""
    client = browser(visitor)
    wrong = []
    for route, _ in ROUTES:
        door = door_of(route)
        if "<" not in route or door.kind in ("nobody", "signing in"):
            continue
        for method in door.methods.split():
            answer = client.generic(method, address(route, {}))
            may_enter = door.kind != "role" or visitor in door.roles
            turned_away = visitor == "anonymous" and door.kind == "owner"
            refused = answer.status_code in (302, 403, 404)
            if answer.status_code != 404 if may_enter and not turned_away else not refused:
                wrong.append(f"{method} {route}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)


def test_other_methods_are_refused(known: dict[str, Any]) -> None:
    client = everything()
    wrong = []
    for route, _ in ROUTES:
        door = door_of(route)
        if door.kind in ("nobody", "unpublished", "signing in", "signed in"):
            continue
        for method in {"GET", "POST", "PUT", "DELETE"} - set(door.methods.split()):
            status = client.generic(method, address(route, known)).status_code
            if status not in (404, 405):
                wrong.append(f"{method} {route}: {status}")

    assert not wrong, "\n".join(wrong)


def everything(**options: Any) -> Client:
    """A superuser with every role and a second factor, who is also the donor."""
    client = browser("donor", **options)
    user = User.objects.get(email="donor@example.org")
    user.is_staff = user.is_superuser = True
    user.save()
    give(user, *ROLES)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    PartnerContact.objects.create(user=user, partner=Partner.objects.get(slug="dahlias-hope"))
    return client


def test_money_and_roles_want_a_factor_just_shown(known: dict[str, Any]) -> None:
    """Row 77: every door that pays, approves or books by a person's word; one that is forgotten fails here."""
    client = everything()
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time() - 601, "type": "totp"}]
    session.save()
    wrong = []
    for route, _ in ROUTES:
        door = door_of(route)
        if door.kind == "role" and "POST" in door.methods:
            answer = client.post(address(route, known))
            if "GET" in door.methods and answer.status_code == 302:  # what is typed or attached is asked for after
                answer = client.get(answer["Location"])
            asked = is_to(answer, "/account/2fa/reauthenticate/")
            if asked != door.fresh:
                wrong.append(f"{route}: {'asks' if asked else 'does not ask'} for the factor, {answer.status_code}")

    assert not wrong, "\n".join(wrong)


def test_a_post_without_our_token_is_refused_everywhere_but_at_two_doors(known: dict[str, Any]) -> None:
    """Stripe signs instead, and `verify` changes nothing."""
    client = everything(enforce_csrf_checks=True)
    free = set()
    for route, _ in ROUTES:
        if "POST" in door_of(route).methods and door_of(route).kind != "nobody":
            answer = client.post(address(route, known))
            if answer.status_code != 403:
                free.add(route)

    assert free == {"stripe/webhook", "verify/"}


def test_looking_changes_nothing(known: dict[str, Any]) -> None:
    """No GET writes, but for the session and the cache."""
    client = everything()
    writes = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        word = re.match(r"\s*(INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", sql)
        if word and word[2] not in ("django_session", "cache"):
            writes.append(f"{route}: {word[0]}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        for route, _ in ROUTES:
            if not route.startswith("account/2fa/"):
                client.get(address(route, known))
        for route in CONSOLE_ROUTES:
            client.get(address(route, known))

    assert not writes, "\n".join(writes)


def test_what_is_personal_is_kept_in_no_cache(known: dict[str, Any]) -> None:
    client = everything()
    stored = []
    for route, _ in ROUTES:
        if door_of(route).kind in PERSONAL and "GET" in door_of(route).methods and "2fa" not in route:
            answer = client.get(address(route, known))
            if "no-store" not in answer.headers.get("Cache-Control", ""):
                stored.append(f"{route}: {answer.status_code}")
    assert "no-store" in client.get("/give/")["Cache-Control"]

    assert not stored, "\n".join(stored)


@pytest.mark.parametrize("visitor", [*VISITORS[:4], "no role", "partner contact"])
def test_the_console_is_closed_to_who_has_nothing_to_do_there(known: dict[str, Any], visitor: str) -> None:
    client = browser(visitor)
    inside = []
    for route in CONSOLE_ROUTES:
        for method in ("get", "post"):
            answer = getattr(client, method)(address(route, known | {"object_id": 1, "path": "1"}))
            home = visitor in STAFF[1:] and route.removeprefix(CONSOLE) in ("", "logout/", "jsi18n/", "autocomplete/")
            if answer.status_code < 300 and not home:
                inside.append(f"{method} {route}: {answer.status_code}")

    assert not inside, "\n".join(inside)


def test_no_one_edits_money_in_the_console(known: dict[str, Any]) -> None:
    """Not even a superuser: entries, charges, orders, gifts, plans, agreements, allocations, payouts, bank lines."""
    client = everything()
    editable = {"shop.product", "shop.collection", "partners.partner", "partners.payoutpolicy", "partners.bankaccount"}
    editable |= {"partners.achoriginator", "partners.staterule"}
    editable |= {"people.organisation", "people.user", "donations.fund", "donations.campaign"}
    open_doors = []
    for model, console in admin.site._registry.items():
        label = model._meta.label_lower
        base = f"/console/{model._meta.app_label}/{model._meta.model_name}/"
        assert console.list_editable == (), label
        if label in editable:
            continue
        row = model._default_manager.order_by("pk").first()
        doors = [f"{base}add/", *([f"{base}{row.pk}/change/", f"{base}{row.pk}/delete/"] if row else [])]
        open_doors += [door for door in doors if client.post(door, {}).status_code != 403]

    theirs = ("/console/mfa/", "/console/auth/", "/console/account/")  # of Django and allauth: who signs in, not money
    assert [door for door in open_doors if not door.startswith(theirs)] == []


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_away_by_next(known: dict[str, Any], away: str) -> None:
    for path in ("/account/login/", "/account/login/code/", "/console/login/", "/console/", "/my/", "/desk/"):
        answer = Client().get(path, {"next": away}, follow=True)
        assert all(step.startswith("/") and not step.startswith(("//", "/\\")) for step, _ in answer.redirect_chain)

    signed_in = browser("donor")
    for path in ("/account/login/code/", "/account/logout/", "/console/login/"):
        for method in (signed_in.get, signed_in.post):
            answer = method(f"{path}?next={away}")
            assert not re.match(r"(\w+:|//|/\\)", answer.headers.get("Location", "/")), path


NASTY = ["\0", "'\"<script>", "9" * 5000, "-1", "١٢", "a\r\nSet-Cookie: x=1", "{{ 7*7 }}", "%s %(x)s"]


@pytest.mark.parametrize("typed", NASTY)
def test_nothing_that_can_be_typed_is_a_fault_of_ours(known: dict[str, Any], typed: str) -> None:
    """Row 56, 63, 66: a fault raises here."""
    names = ("sku", "option", "quantity", "fund", "again", "often", "amount", "own_amount", "email", "name", "form_key")
    names += ("month", "as_of", "page", "partner", "payout", "match", "reason", "content_hash", "ends_on", "account")
    names += ("state", "type", "id", "kind", "subject", "category", "entry", "purpose", "owner", "resolution")
    names += ("number", "proof", "effective_on", "stale", "text")
    names += ("words", "routing", "account_kind", "payee", "address", "call-note", "hold-note", "refuse-note")
    names += ("line-TOTAL_FORMS", "line-INITIAL_FORMS", "line-0-account", "line-0-debit", "currency", "on")
    names += ("scope_key", "percent", "starts_on", "next", "session", "session_id", "file_name", "content", "code", "q")
    fields = dict.fromkeys(names, typed)
    client = everything()
    for route, _ in ROUTES:
        if route.startswith(("account/logout", "account/2fa")):
            continue
        for answer in (client.get(address(route, known), fields), client.post(address(route, known), fields)):
            assert answer.status_code < 500, route
            assert "Set-Cookie: x=1" not in str(answer.headers)
