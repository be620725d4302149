"""The close page: what a month still wants, two persons who close it, the worker's part, and the way back."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from ledger import month_checks
from ledger.closing import close_subject, current_hash
from ledger.discrepancies import Found
from ledger.models import MonthWork, Period, PeriodEvent, ReconciliationException, TrialBalanceExport
from ledger.month_checks import Figures, MonthCheck, no_exception_overdue, register, trial_balance_exported
from ledger.operations.do_month_work import Outcome, do_next
from ledger.operations.open_exception import open_exception
from people.models import Approval, Organisation, User
from tests.ledger.closing import close
from tests.ledger.facts import NOW, post, sale
from tests.ledger.kinds import made_up
from tests.roles import give

pytestmark = pytest.mark.django_db
OCTOBER = "/desk/months/202610/"
QUERIES_MAX = 15
SOFT = {"soft-reason": "The month is over."}


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch, books: None) -> list[str]:
    """Nothing keeps a month open but what is in this list."""
    Organisation.objects.create(display_name="Tassel Collective")
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    monkeypatch.setattr(month_checks, "_checks", {})
    wrong: list[str] = []
    register(
        MonthCheck("the bank is known", lambda yyyymm: (f"{what} of {yyyymm}" for what in wrong), "partners:desk_bank")
    )
    return wrong


def person(name: str, *roles: str) -> User:
    user = User.objects.create_user(f"{name}@tassel.example", is_staff=True, name=name.title())
    give(user, *roles)
    return user


def browser(user: User) -> Client:
    Authenticator.objects.get_or_create(user=user, type="totp", defaults={"data": {}})
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def petra(found: list[str]) -> Client:
    return browser(person("petra", "finance preparer"))


@pytest.fixture
def anton(found: list[str]) -> Client:
    return browser(person("anton", "finance approver"))


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def work() -> Outcome:
    return do_next(now=lambda: NOW)


def state() -> str:
    return Period.objects.get(pk=202610).state


def ask_to_close(petra: Client) -> str:
    """As far as the question; returns what is to be approved."""
    petra.post(f"{OCTOBER}soft-close/", SOFT)
    petra.post(f"{OCTOBER}propose/", {"propose-reason": "All bank lines are in."})
    return current_hash(close_subject(202610))


def test_two_people_and_a_worker_close_a_month(petra: Client, anton: Client) -> None:
    post(sale())
    petra.post(f"{OCTOBER}check/")
    assert "A worker checks this month" in words(petra.get(OCTOBER))
    assert work() is Outcome.DONE
    assert "Holds" in words(petra.get(OCTOBER))

    content = ask_to_close(petra)
    page = words(anton.get(OCTOBER))
    assert "“All bank lines are in.”" in page
    assert f'value="{content}"' in page
    anton.post(f"{OCTOBER}approve/", {"content": content})
    assert state() == "soft_closed"  # the request itself closes nothing
    assert work() is Outcome.DONE

    assert state() == "closed"
    page = words(anton.get(OCTOBER))
    closed = PeriodEvent.objects.get(period=202610, kind="closed")
    assert f"<dd>{closed.through_seq}</dd>" in page
    assert bytes(closed.closing_hash).hex() in page
    assert "Softly closed by Petra, 20 October 2026, 12:00 CDT: “The month is over.”" in page
    assert "Closed by Petra, approved by Anton, 20 October 2026" in page


def test_what_is_found_keeps_it_open_and_is_listed_with_its_work_list(
    petra: Client, anton: Client, found: list[str]
) -> None:
    content = ask_to_close(petra)
    found += ["line 1", "line 2"]
    anton.post(f"{OCTOBER}approve/", {"content": content})

    assert work() is Outcome.STOPPED

    assert state() == "soft_closed"
    page = words(petra.get(OCTOBER))
    assert "2 found" in page
    assert "It is as it was." in page
    page = words(petra.get(f"{OCTOBER}checks/1/"))
    assert "line 1 of 202610" in page
    assert 'href="/desk/bank/"' in page
    found.clear()
    petra.post(f"{OCTOBER}finish/")
    assert work() is Outcome.DONE
    assert state() == "closed"


def test_a_check_that_breaks_counts_as_found(petra: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(yyyymm: int) -> list[str]:
        raise RuntimeError("secret words")

    register(MonthCheck("the moon is full", broken))
    petra.post(f"{OCTOBER}check/")
    assert work() is Outcome.DONE

    page = words(petra.get(f"{OCTOBER}checks/2/"))
    assert "this check could not be run: RuntimeError" in page
    assert "secret words" not in page


def test_each_invariant_is_a_line_of_its_own_whose_entries_open(petra: Client) -> None:
    register(MonthCheck("each entry is sealed", lambda _: ["sale x (entry 7): broken"], code="L4", of_the_books=True))
    petra.post(f"{OCTOBER}check/")
    work()

    page = words(petra.get(OCTOBER))
    assert "Of this month" in page
    assert "Of the books as a whole" in page
    assert '<span class="code">L4</span> <a href="/desk/months/202610/checks/2/">Each entry is sealed</a>' in page
    assert "1 of 2 does not hold." in page
    assert '(<a href="/desk/entries/7/">entry 7</a>): broken' in words(petra.get(f"{OCTOBER}checks/2/"))


def test_what_a_check_counted_is_shown_beside_what_it_found(petra: Client) -> None:
    figures = Figures(("Agreement", "Paid sources"), (("Valor <20%>", "3"),))
    register(MonthCheck("all is allocated", lambda _: [figures]))
    petra.post(f"{OCTOBER}check/")
    work()

    page = words(petra.get(f"{OCTOBER}checks/2/"))
    assert "Nothing was found." in page
    assert '<th scope="row">Valor &lt;20%&gt;</th><td class="amount" data-label="Paid sources">3</td>' in page


def test_nobody_approves_what_they_asked_for(found: list[str]) -> None:
    both = browser(person("petra", "finance preparer", "finance approver"))
    content = ask_to_close(both)

    assert "You asked, so another person decides." in words(both.get(OCTOBER))
    answer = both.post(f"{OCTOBER}approve/", {"content": content}, follow=True)

    assert "cannot decide on it" in words(answer)
    assert not Approval.objects.filter(decision="approved").exists()


def test_an_approver_of_this_week_does_not_count(petra: Client) -> None:
    new = person("nora")
    give(new, "finance approver", since=NOW.replace(day=25))
    content = ask_to_close(petra)
    nora = browser(new)

    assert "Your role is too young" in words(nora.get(OCTOBER))
    answer = nora.post(f"{OCTOBER}approve/", {"content": content}, follow=True)

    assert "your approval counts from 25 October 2026" in words(answer)
    assert not MonthWork.objects.exists()


def test_what_changed_after_it_was_shown_is_not_approved(petra: Client, anton: Client) -> None:
    ask_to_close(petra)

    answer = anton.post(f"{OCTOBER}approve/", {"content": "0" * 64}, follow=True)

    assert "October 2026 changed since it was proposed" in words(answer)
    assert not Approval.objects.filter(decision="approved").exists()


@pytest.mark.parametrize("step", ["soft", "propose", "refuse"])
def test_a_step_without_a_reason_is_answered_beside_the_field(petra: Client, anton: Client, step: str) -> None:
    if step == "propose":
        petra.post(f"{OCTOBER}soft-close/", SOFT)
    elif step == "refuse":
        ask_to_close(petra)
    door = {"soft": "soft-close"}.get(step, step)

    answer = (anton if step == "refuse" else petra).post(f"{OCTOBER}{door}/", {f"{step}-reason": " "})

    assert answer.status_code == 400
    assert "Say why" in words(answer)


def test_a_refusal_says_why_and_a_new_question_can_come(petra: Client, anton: Client) -> None:
    ask_to_close(petra)

    anton.post(f"{OCTOBER}refuse/", {"refuse-reason": "The fee is missing."})

    assert Approval.objects.get().reason == "The fee is missing."
    assert "Ask to close October 2026" in words(petra.get(OCTOBER))


def test_the_latest_closed_month_is_reopened_by_two_after_they_read_what_it_means(petra: Client, anton: Client) -> None:
    close(202609)
    close(202610)
    page = words(petra.get(OCTOBER))
    assert "Its statements stay as they were published" in page
    assert "only the latest closed month can be reopened" in words(petra.get("/desk/months/202609/"))

    petra.post(f"{OCTOBER}propose/", {"propose-reason": "A late bill."})
    assert "Its statements stay as they were published" in words(anton.get(OCTOBER))
    approval = Approval.objects.get(decision="waiting")
    anton.post(f"{OCTOBER}approve-reopening/", {"content": approval.subject_hash})

    assert state() == "soft_closed"
    assert "Reopened by Petra, approved by Anton" in words(petra.get(OCTOBER))
    assert "“A late bill.”" in words(petra.get(OCTOBER))


def test_a_stuck_closing_is_taken_back_by_an_approver(petra: Client, anton: Client, monkeypatch: Any) -> None:
    content = ask_to_close(petra)
    anton.post(f"{OCTOBER}approve/", {"content": content})
    monkeypatch.setattr("ledger.operations.close_month.call_in_transaction", _die)
    with pytest.raises(RuntimeError):
        work()
    assert state() == "closing"
    assert "It could not be done: RuntimeError." in words(petra.get(OCTOBER))

    assert petra.post(f"{OCTOBER}abort/").status_code == 403
    anton.post(f"{OCTOBER}abort/")

    assert state() == "soft_closed"
    assert "Ask to close October 2026" in words(petra.get(OCTOBER))


def _die(*_: Any) -> bool:
    raise RuntimeError


def test_a_soft_close_is_taken_back_by_one(petra: Client) -> None:
    petra.post(f"{OCTOBER}soft-close/", SOFT)
    assert "was softly closed before" in words(petra.post(f"{OCTOBER}soft-close/", SOFT, follow=True))

    petra.post(f"{OCTOBER}open/")

    assert state() == "open"


def test_while_a_worker_is_at_it_nobody_asks_twice(petra: Client) -> None:
    petra.post(f"{OCTOBER}check/")
    petra.post(f"{OCTOBER}check/")

    assert MonthWork.objects.count() == 1


def test_work_whose_worker_died_is_taken_up_again(petra: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    petra.post(f"{OCTOBER}check/")
    MonthWork.objects.update(state="running", lease_until=NOW.replace(year=2020))
    assert work() is Outcome.DONE

    petra.post(f"{OCTOBER}check/")
    MonthWork.objects.filter(state="waiting").update(state="running", lease_until=NOW.replace(year=2200))
    assert work() is Outcome.NOTHING_DUE


def test_a_month_that_nobody_approved_is_not_closed(petra: Client) -> None:
    petra.post(f"{OCTOBER}soft-close/", SOFT)

    answer = petra.post(f"{OCTOBER}finish/", follow=True)

    assert "October 2026 is not approved by a second person." in words(answer)
    assert not MonthWork.objects.exists()


def test_the_trial_balance_goes_out_and_counts_while_it_is_the_same(petra: Client) -> None:
    post(sale())
    assert list(trial_balance_exported(202610)) == ["nobody has exported it"]

    answer = petra.post(f"{OCTOBER}trial-balance/")

    assert answer["Content-Disposition"] == 'attachment; filename="trial-balance-2026-10.csv"'
    rows = answer.content.decode().splitlines()
    assert rows[0] == "code,account,owner,type,currency,debits,credits,balance"
    assert rows[-1] == ",total,,,usd,56.66,56.66,0.00"
    assert TrialBalanceExport.objects.get().sha256 == sha256(answer.content).hexdigest()
    assert list(trial_balance_exported(202610)) == []
    post(sale("ch_2"))
    assert list(trial_balance_exported(202610)) == ["entries of 2026-10-20 or later have changed it: export it again"]


def test_an_exception_that_was_due_in_the_month_keeps_it_open() -> None:
    limit = timedelta(days=2)
    open_exception(made_up("payout_differs", limit), Found("stripe:payout:po_1"), now=NOW)
    open_exception(made_up("booking_lost", timedelta(days=20)), Found("stripe:bt:txn_1"), now=NOW)

    assert list(no_exception_overdue(202609)) == []
    assert list(no_exception_overdue(202610)) == ["payout_differs of stripe:payout:po_1 was due on 2026-10-22"]
    close_exceptions()
    assert list(no_exception_overdue(202610)) == []


def close_exceptions() -> None:
    ReconciliationException.objects.update(resolved_at=NOW, resolution="gone")


def test_the_index_says_how_each_month_stands(petra: Client) -> None:
    post(sale())
    close(202609)

    page = words(petra.get("/desk/months/"))

    assert "October 2026" in page
    assert "January 2020" not in page


@pytest.mark.parametrize("address", ["/desk/months/", OCTOBER, f"{OCTOBER}checks/1/"])
def test_the_pages_cost_few_queries(
    petra: Client, anton: Client, address: str, django_assert_max_num_queries: Any
) -> None:
    content = ask_to_close(petra)
    anton.post(f"{OCTOBER}approve/", {"content": content})
    work()

    with django_assert_max_num_queries(QUERIES_MAX):
        assert anton.get(address).status_code == 200


def test_a_month_or_check_that_is_not_there(petra: Client) -> None:
    assert petra.get("/desk/months/190001/").status_code == 404
    assert petra.get(f"{OCTOBER}checks/99/").status_code == 404
    assert petra.post("/desk/months/190001/soft-close/", SOFT).status_code == 404


def test_closing_wants_the_second_factor_shown_just_now(petra: Client, anton: Client) -> None:
    content = ask_to_close(petra)
    session = anton.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": 0}]
    session.save()

    answer = anton.post(f"{OCTOBER}approve/", {"content": content})

    assert answer["Location"].startswith("/account/2fa/reauthenticate/")
    assert not Approval.objects.filter(decision="approved").exists()
