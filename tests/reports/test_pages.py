"""The doors to documents: who may pass which, what the pages say, and whether a file is ours."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from partners.models import Agreement, Partner
from people.models import User
from reports.models import Document
from reports.operations.publish_document import publish_document
from reports.queries import content
from reports.tasks import render_documents
from tests.ledger.closing import close, reopen
from tests.ledger.raw import as_owner
from tests.partners.conftest import person
from tests.reports.conftest import NOVEMBER_3, OCTOBER, SEPTEMBER, correct, october, pay, signed_in

pytestmark = pytest.mark.django_db
Make = Callable[..., Document]
DESK = "/desk/statements/"


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def file_of(document: Document) -> str:
    return f"/documents/{document.sha256}.pdf"


def publish(document: Document, by: User) -> None:
    publish_document(document_id=document.pk, by=by, now=NOVEMBER_3)
    document.refresh_from_db()


@pytest.fixture
def auditor(db: None) -> User:
    return person("audra@tassel.example", "auditor")


@pytest.fixture
def clerk(db: None) -> User:
    return person("cleo@tassel.example", "fulfilment")


# Reading a document


def test_an_unpublished_document_is_for_finance_only(
    valor: Agreement, make: Make, ana: User, auditor: User, clerk: User
) -> None:
    document = make(valor.partner)
    donor = Client()
    donor.force_login(User.objects.create_user("donor@example.org"))
    no_second_factor = Client()
    no_second_factor.force_login(ana)

    for stranger in (Client(), donor, no_second_factor, signed_in(clerk)):
        assert stranger.get(file_of(document)).status_code == 404
    for reader in (signed_in(ana), signed_in(auditor)):
        answer = reader.get(file_of(document))
        assert (answer.status_code, answer.content) == (200, content(document))
        assert answer["Cache-Control"] == "private, no-store"


def test_a_published_document_is_for_everybody_for_ever(
    valor: Agreement, make: Make, ben: User, client: Client
) -> None:
    close(202610)
    document = make(valor.partner)
    publish(document, ben)

    answer = client.get(file_of(document))

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content == content(document)
    assert answer["Content-Disposition"] == 'inline; filename="dahlias-hope-2026-10.pdf"'
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Cookie" not in answer.get("Vary", "")
    assert client.head(file_of(document)).status_code == 200
    assert client.post(file_of(document)).status_code == 405


def test_a_superseded_document_stays_readable(valor: Agreement, make: Make, ben: User, client: Client) -> None:
    close(202610)
    first = make(valor.partner)
    publish(first, ben)
    correct(valor.partner, 480)
    second = make(valor.partner)

    assert client.get(file_of(first)).status_code == 200
    assert client.get(file_of(second)).status_code == 404


@pytest.mark.parametrize("path", ["0" * 64, "0" * 63, "Z" * 64, "../settings"])
def test_no_such_document(path: str, org: Any, client: Client) -> None:
    assert client.get(f"/documents/{path}.pdf").status_code == 404


# The partner's statements


def test_the_public_list_shows_the_newest_published_of_each_month(
    valor: Agreement, make: Make, ben: User, client: Client
) -> None:
    close(202610)
    old, september = make(valor.partner), make(valor.partner, SEPTEMBER)
    publish(old, ben)
    publish(september, ben)
    correct(valor.partner, 480)
    new = make(valor.partner)

    page = words(client.get("/partners/dahlias-hope/statements/"))
    assert page.index("October 2026") < page.index("September 2026")
    assert file_of(old) in page
    assert file_of(new) not in page

    publish(new, ben)
    page = words(client.get("/partners/dahlias-hope/statements/"))
    assert file_of(new) in page
    assert file_of(old) not in page


def test_a_partner_without_statements_and_no_partner(dahlias_hope: Partner, client: Client) -> None:
    assert "No statement is published yet." in words(client.get("/partners/dahlias-hope/statements/"))
    assert client.get("/partners/nobody/statements/").status_code == 404


def test_the_list_costs_the_same_however_long(
    valor: Agreement, make: Make, ben: User, client: Client, django_assert_num_queries: Any
) -> None:
    close(202610)
    for month in ("2026-07", "2026-08", SEPTEMBER, OCTOBER):
        publish(make(valor.partner, month), ben)

    with django_assert_num_queries(4):  # partner, statements, how their months are closed, organisation
        assert words(client.get("/partners/dahlias-hope/statements/")).count("Read the statement") == 4


# Is this file ours?


def upload(client: Client, data: bytes, name: str = "statement.pdf") -> Any:
    return client.post("/verify/", {"file": SimpleUploadedFile(name, data)})


def test_our_own_file_is_known(valor: Agreement, make: Make, client: Client) -> None:
    document = make(valor.partner)

    page = words(upload(client, content(document), "renamed by somebody.bin"))

    assert "Yes, this is our file, unchanged." in page
    assert "The statement of Dahlia&#x27;s Hope for October 2026, version 1, made on 3 November 2026." in page
    assert f"figures {document.figures_hash}" in page
    assert document.sha256 in page
    assert "A newer version" not in page


@pytest.mark.parametrize("place", [9, 5000, -2])
def test_one_changed_byte_is_seen(place: int, valor: Agreement, make: Make, client: Client) -> None:
    data = bytearray(content(make(valor.partner)))
    data[place] ^= 1

    page = words(upload(client, bytes(data)))

    assert "No, we did not make this file as it is." in page
    assert "Yes, this is our file" not in page


def test_an_old_version_names_the_newer_one_once_it_is_published(
    valor: Agreement, make: Make, ben: User, client: Client
) -> None:
    close(202610)
    first = make(valor.partner)
    correct(valor.partner, 480)
    second = make(valor.partner)

    page = words(upload(client, content(first)))
    assert "A newer version" not in page
    assert "We opened October 2026 again after this was made." in page
    publish(second, ben)

    page = words(upload(client, content(first)))
    assert "A newer version was published on 3 November 2026" in page
    assert file_of(second) in page
    assert "again after this was made" not in page
    assert "again after this was made" not in words(upload(client, content(second)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "This file is empty."),
        (b"PK\x03\x04 a spreadsheet", "This is no PDF; our documents are."),
        (b"%PDF-" + b"0" * 20 * 1024 * 1024, "Our documents are smaller than 20 MB; this file is none of them."),
    ],
    ids=["empty", "spreadsheet", "21 MB"],
)
def test_a_file_that_cannot_be_ours(data: bytes, message: str, org: Any, client: Client) -> None:
    answer = upload(client, data)

    assert (answer.status_code, message in words(answer)) == (200, True)
    assert "did not make this file" not in words(answer)


def test_no_file_at_all(org: Any, client: Client) -> None:
    assert "Choose a file first." in words(client.post("/verify/"))


def test_a_huge_upload_is_not_even_read(org: Any, client: Client) -> None:
    class Unread(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise AssertionError("the upload was read")

    answer = client.generic("POST", "/verify/", b"", CONTENT_LENGTH=str(60 * 1024 * 1024), **{"wsgi.input": Unread()})

    assert answer.status_code == 413
    assert "Nothing was read." in words(answer)


def test_checking_a_file_needs_no_cookie(org: Any) -> None:
    strict = Client(enforce_csrf_checks=True)

    answer = upload(strict, b"%PDF-1.7")

    assert answer.status_code == 200
    assert answer.cookies == {}


# The desk


def test_the_desk_page_is_for_finance(org: Any, ana: User, auditor: User, clerk: User, client: Client) -> None:
    donor = Client()
    donor.force_login(User.objects.create_user("donor@example.org"))
    assert client.get(DESK).status_code == 302
    assert donor.get(DESK).status_code == 404
    assert signed_in(clerk).get(DESK).status_code == 403
    assert [signed_in(user).get(DESK).status_code for user in (ana, auditor)] == [200, 200]


def test_an_auditor_reads_but_does_not_ask(valor: Agreement, auditor: User, make: Make) -> None:
    document = make(valor.partner)
    browser = signed_in(auditor)

    page = words(browser.get(f"{DESK}?month={OCTOBER}"))
    assert '<form method="post" action="/desk/' not in page
    assert browser.post(f"{DESK}request/", {"month": OCTOBER}).status_code == 403
    assert browser.post(f"{DESK}{document.pk}/publish/").status_code == 403


def test_only_an_approver_publishes(valor: Agreement, ana: User, ben: User, make: Make) -> None:
    close(202610)
    document = make(valor.partner)
    address = f"{DESK}{document.pk}/publish/"

    assert signed_in(ana).post(address).status_code == 403
    assert address not in words(signed_in(ana).get(f"{DESK}?month={OCTOBER}"))
    page = words(signed_in(ben).post(address, follow=True))

    assert "Published: it stands on the page of Dahlia&#x27;s Hope now." in page
    document.refresh_from_db()
    assert document.published_by == ben
    assert signed_in(ben).get(address).status_code == 405


def test_from_asking_to_published(closed_october: Partner, restoration_house: Partner, ana: User, ben: User) -> None:
    browser = signed_in(ana)
    page = words(browser.get(DESK))
    assert 'value="2026-10"' in page, "last month, without being asked"
    assert page.count("None yet") == 2

    page = words(browser.post(f"{DESK}request/", {"month": OCTOBER}, follow=True))
    assert "2 statements are being made." in page
    assert page.count("Being made…") == 2
    assert 'hx-trigger="every 2s"' in page

    render_documents()
    fragment = browser.get(f"{DESK}?month={OCTOBER}", headers={"HX-Request": "true"})
    assert "<html" not in words(fragment)
    assert words(fragment).count("Ready to publish") == 2
    assert "hx-get" not in words(fragment)

    page = words(browser.post(f"{DESK}request/", {"month": OCTOBER, "partner": "dahlias-hope"}, follow=True))
    assert "Nothing has changed since the newest version: it stays as it is." in page
    assert Document.objects.count() == 2


def test_a_month_that_is_not_closed_offers_no_publishing(valor: Agreement, ben: User, make: Make) -> None:
    document = make(valor.partner)

    browser = signed_in(ben)
    page = words(browser.get(f"{DESK}?month={OCTOBER}"))
    answer = words(browser.post(f"{DESK}{document.pk}/publish/", follow=True))

    assert "October 2026 is not closed: its statements are for finance only." in page
    assert "Month not closed" in page
    assert "publish/" not in page
    assert "The month was not closed when this was figured" in answer


def test_a_month_opened_again_says_so_everywhere(valor: Agreement, ben: User, make: Make, client: Client) -> None:
    close(202610)
    document, other = make(valor.partner), make(Partner.objects.create(slug="other", name="Other"))
    publish(document, ben)
    reopen(202610)

    browser = signed_in(ben)
    desk = words(browser.get(f"{DESK}?month={OCTOBER}"))
    refused = words(browser.post(f"{DESK}{other.pk}/publish/", follow=True))

    assert desk.count("Month opened again") == 2
    assert "publish/" not in desk
    assert "The month was opened again since: close it, then ask for the statement again." in refused
    public = words(client.get("/partners/dahlias-hope/statements/"))
    assert file_of(document) in public
    assert "We opened this month again to correct it." in public


def test_books_that_cannot_be_sealed_state_nothing_and_say_so(valor: Agreement, ana: User) -> None:
    pay(valor, 1, october(5), ("Valor tassel earrings", 1, 2400))
    as_owner("UPDATE ledger_entry SET source = 'order:9'")

    page = words(signed_in(ana).post(f"{DESK}request/", {"month": OCTOBER}, follow=True))

    assert "No statement was made, because the books cannot be sealed: accrual allocation:order:1" in page
    assert not Document.objects.exists()


@pytest.mark.parametrize("month", ["", "October", "2026-13", "2026-1", "0001-01", "9999-12", "<script>"])
def test_a_wrong_month_is_said_next_to_the_field(month: str, org: Any, ana: User) -> None:
    browser = signed_in(ana)

    page = words(browser.get(DESK, {"month": month}))
    assert "Choose a month." in page or "Write the month as year and month, such as 2026-10." in page
    assert f'value="{escape(month)}"' in page or month == ""
    assert "<table" not in page
    assert browser.post(f"{DESK}request/", {"month": month}, follow=True).status_code == 200
    assert not Document.objects.exists()


def test_a_month_ahead_and_an_unknown_partner_are_said(valor: Agreement, ana: User) -> None:
    browser = signed_in(ana)

    ahead = words(browser.post(f"{DESK}request/", {"month": "2026-12"}, follow=True))
    nobody = words(browser.post(f"{DESK}request/", {"month": OCTOBER, "partner": "nobody"}, follow=True))

    assert "2026-12 has not begun yet." in ahead
    assert "There is no such partner." in nobody
    assert not Document.objects.exists()


def test_the_desk_page_costs_the_same_however_many_partners(org: Any, ana: User, make: Make) -> None:
    close(202610)
    browser = signed_in(ana)

    def queries(partners: int) -> int:
        while Partner.objects.count() < partners:
            number = Partner.objects.count()
            make(Partner.objects.create(slug=f"partner-{number}", name=f"Partner {number}"))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page = words(browser.get(f"{DESK}?month={OCTOBER}"))
        assert page.count("Ready to publish") == partners
        return len(captured)

    assert queries(2) == queries(9) <= 10


def test_what_failed_waits_on_the_desk(valor: Agreement, ana: User, make: Make) -> None:
    close(202610)
    make(valor.partner)
    Document.objects.create(
        kind="partner_statement",
        subject="partner:999",
        period=SEPTEMBER,
        version=1,
        template_version=1,
        as_of=date(2026, 9, 30),
        through_seq=0,
        final=True,
        inputs={},
        inputs_hash="0" * 64,
        state="failed",
        requested_at=NOVEMBER_3 - timedelta(days=1),
        next_attempt_at=NOVEMBER_3,
    )

    page = words(signed_in(ana).get("/desk/"))

    assert page.index("Look after 1 statement of 2026-09") < page.index("Publish 1 statement of 2026-10")


def test_the_console_shows_documents_and_edits_none(valor: Agreement, make: Make) -> None:
    document = make(valor.partner)
    root = User.objects.create_superuser("root@tassel.example")
    browser = signed_in(root)

    assert browser.get("/console/reports/document/").status_code == 200
    assert browser.get(f"/console/reports/document/{document.pk}/change/").status_code == 200
    assert browser.post(f"/console/reports/document/{document.pk}/change/", {"version": 9}).status_code == 403
    assert browser.post(f"/console/reports/document/{document.pk}/delete/", {"post": "yes"}).status_code == 403
