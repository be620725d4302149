"""Each format: what it says is read, what is wrong with it is said, and no bytes at all do more than be refused."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partners.bank import readers
from partners.bank.readers import BadRow, NotReadable, Reading, Row
from tests.partners.bank import files
from tests.partners.bank.files import Line

TODAY = date(2026, 10, 20)
LINES = [
    Line(date(2026, 10, 1), 800600, "STRIPE TRANSFER ST-1", "A1"),
    Line(date(2026, 10, 2), -1200, "Monthly account fee", "A2"),
    Line(date(2026, 10, 2), -1200, "Monthly account fee", "A3"),
    Line(date(2026, 10, 5), -4320, "ACH TP00001N001", "A4"),
]
WRITERS: dict[str, Callable[[Sequence[Line]], bytes]] = {
    "csv": files.csv_of,
    "ofx": files.ofx_of,
    "camt053": files.camt053,
    "bai2": files.bai2,
    "mt940": files.mt940,
}


def read(content: bytes, *, last4: str = "", chosen: str = "", currency: str = "usd") -> Reading:
    return readers.read(content, currency=currency, last4=last4, chosen=chosen, today=TODAY)


def facts(reading: Reading) -> list[tuple[date, int]]:
    assert not [row for row in reading.rows if isinstance(row, BadRow)]
    return [(row.booked_on, row.amount_minor) for row in reading.rows if isinstance(row, Row)]


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_tells_the_same_lines(name: str) -> None:
    reading = read(WRITERS[name](LINES))

    assert reading.format == name
    assert facts(reading) == [(line.booked_on, line.amount_minor) for line in LINES]
    assert all(line.text in row.description for line, row in zip(LINES, reading.rows, strict=True))  # type: ignore[union-attr]
    if name != "csv":
        assert [row.bank_ref for row in reading.rows if isinstance(row, Row)] == ["A1", "A2", "A3", "A4"]


@pytest.mark.parametrize("name", ["camt053", "bai2", "mt940"])
def test_balances_are_read(name: str) -> None:
    opening = 5_000
    reading = read(getattr(files, name)(LINES, opening))

    assert (reading.opening_minor, reading.closing_minor) == (
        opening,
        opening + sum(line.amount_minor for line in LINES),
    )


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("chosen", WRITERS)
def test_another_format_than_chosen_is_recognised_and_said(name: str, chosen: str) -> None:
    content = WRITERS[name](LINES)
    if name == chosen:
        assert facts(read(content, chosen=chosen))
    else:
        with pytest.raises(NotReadable, match=f"You chose .*looks like {readers.NAMES[name]}"):
            read(content, chosen=chosen)


@pytest.mark.parametrize("name", ["ofx", "camt053", "bai2", "mt940"])
def test_the_account_of_the_file_must_be_ours(name: str) -> None:
    content = WRITERS[name](LINES)

    assert facts(read(content, last4="1234"))
    with pytest.raises(NotReadable, match="ending in 1234, this one ends in 9999"):
        read(content, last4="9999")
    with pytest.raises(NotReadable, match=r"in USD, this account (is )?in EUR"):
        reading = read(content, currency="eur")
        raise NotReadable(next(row.problem for row in reading.rows if isinstance(row, BadRow)))


amounts = st.integers(-(10**12), 10**12).filter(bool)
texts = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters=" "), min_size=1, max_size=30)
lines = st.lists(
    st.builds(
        Line,
        booked_on=st.dates(date(2026, 1, 1), TODAY),
        amount_minor=amounts,
        text=texts.map(str.strip).filter(bool),
    ),
    min_size=1,
    max_size=12,
).map(lambda found: sorted(found, key=lambda line: line.booked_on))


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=lines)
def test_whatever_lines_a_bank_writes_come_back_to_the_cent(name: str, found: list[Line]) -> None:
    assert facts(read(WRITERS[name](found))) == [(line.booked_on, line.amount_minor) for line in found]


def damaged(content: bytes, luck: random.Random) -> bytes:
    """Bytes cut, changed, doubled, moved or inserted."""
    raw = bytearray(content)
    for _ in range(luck.randint(1, 4)):
        place, length = luck.randrange(len(raw) + 1), luck.randint(1, 40)
        match luck.randrange(6):
            case 0:
                del raw[place:]
            case 1:
                del raw[place : place + length]
            case 2:
                raw[place:place] = raw[place : place + length]
            case 3:
                raw[place : place + 1] = bytes([luck.randrange(256)])
            case 4:
                raw[place:place] = luck.choice([b"<", b">", b"&", b",", b"/", b"\n:61:", b"\n16,", b'"', b"\0", b"<!"])
            case _:
                other = luck.randrange(len(raw) + 1)
                raw[place : place + length] = raw[other : other + length]
        if not raw:
            break
    return bytes(raw)


@pytest.mark.parametrize("name", WRITERS)
def test_damaged_files_are_read_or_refused_with_a_sentence(name: str) -> None:
    """Fuzzed: no other exception, no amount of zero, and what says its balances still adds up."""
    luck, refused = random.Random(20261020), 0
    whole = WRITERS[name](LINES)
    for _ in range(600):
        try:
            reading = read(damaged(whole, luck))
        except NotReadable as error:
            refused += 1
            assert len(str(error)) > 10
            continue
        rows = [row for row in reading.rows if isinstance(row, Row)]
        assert all(row.amount_minor and row.booked_on.year >= 1900 for row in rows)
        assert all(row.problem for row in reading.rows if isinstance(row, BadRow))
        if reading.opening_minor is not None and reading.closing_minor is not None and len(rows) == len(reading.rows):
            assert reading.opening_minor + sum(row.amount_minor for row in rows) == reading.closing_minor
    assert refused > 50


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_be_refused(content: bytes) -> None:
    for start in (b"", b"OFXHEADER:100\n<OFX>", b"<?xml version='1.0'?>camt.053", b"01,A,B/\n02,", b":20:X\n:25:1\n"):
        try:
            read(start + content)
        except NotReadable:
            continue


# OFX


def test_ofx_2_is_xml_and_reads_the_same() -> None:
    content = b"""<?xml version="1.0" encoding="UTF-8"?><?OFX OFXHEADER="200" VERSION="211"?>
<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD</CURDEF><BANKACCTFROM><ACCTID>000111234</ACCTID></BANKACCTFROM>
<BANKTRANLIST><DTSTART>20261001</DTSTART><DTEND>20261005</DTEND><STMTTRN><TRNTYPE>CHECK</TRNTYPE>
<DTPOSTED>20261002</DTPOSTED><DTAVAIL>20261003</DTAVAIL><TRNAMT>-12,34</TRNAMT><FITID>A&amp;1</FITID>
<CHECKNUM>1042</CHECKNUM><NAME>Dahlia&#39;s Hope</NAME><MEMO/></STMTTRN></BANKTRANLIST>
<LEDGERBAL><BALAMT>87.66</BALAMT><DTASOF>20261005</DTASOF></LEDGERBAL><AVAILBAL><BALAMT>1.00</BALAMT></AVAILBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""

    reading = read(content)

    assert reading.rows == [
        Row(3, date(2026, 10, 2), "Dahlia's Hope", -1234, date(2026, 10, 3), "A&1", "1042"),
    ]
    assert (reading.first_on, reading.last_on, reading.closing_minor) == (date(2026, 10, 1), date(2026, 10, 5), 8766)


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_ofx_headers_vary(line_end: bytes) -> None:
    content = files.ofx_of(LINES).replace(b"\n", line_end)
    for header in (
        b"",
        b"OFXHEADER:100 DATA:OFXSGML VERSION:102 ENCODING:UTF-8" + line_end,
        content.split(b"<OFX>")[0],
    ):
        assert len(facts(read(header + b"<OFX>" + content.split(b"<OFX>")[1]))) == 4


def test_ofx_in_windows_1252_is_read() -> None:
    assert "Café" in read(files.ofx(("20261001", "1.00", "A", "Café"))).rows[0].description  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "bad",
    [
        b'<!DOCTYPE OFX [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>',
        b'<!ENTITY xxe SYSTEM "file:///etc/passwd">',
    ],
)
def test_entity_declarations_are_refused(bad: bytes) -> None:
    for name in ("ofx", "camt053"):
        content = WRITERS[name](LINES)
        head, start, rest = content.partition(b"<OFX>" if name == "ofx" else b"<Document")
        doctype = bad if name == "ofx" or bad.startswith(b"<!DOCTYPE") else b"<!DOCTYPE d [" + bad + b"]>"
        with pytest.raises(NotReadable, match="document type or entities"):
            read(head + doctype + start + rest)


@pytest.mark.parametrize("length", [0.3, 0.6, 0.95])
def test_a_truncated_file_is_refused(length: float) -> None:
    for name in ("ofx", "camt053", "bai2", "mt940"):
        content = WRITERS[name](LINES)
        with pytest.raises(NotReadable):
            read(content[: int(len(content) * length)])


def test_an_unknown_entity_and_a_field_that_is_missing_name_themselves() -> None:
    (fee,) = read(files.ofx(("20261001", "1.00", "A", "x")).replace(b"<NAME>x", b"<NAME>a &unknown; b")).rows
    (undated,) = read(files.ofx(("2026", "1.00", "A", "x"))).rows
    (odd,) = read(files.ofx(("20261001", "abc", "A", "x"))).rows

    assert isinstance(fee, Row)
    assert fee.description == "a &unknown; b"
    assert isinstance(undated, BadRow)
    assert "<DTPOSTED>" in undated.problem
    assert isinstance(odd, BadRow)
    assert (odd.number, "<TRNAMT>" in odd.problem) == (18, True)


def test_an_ofx_file_of_two_accounts_needs_to_know_which() -> None:
    both = files.ofx_of(LINES).replace(b"</STMTTRNRS>", b"</STMTTRNRS>" + _statement("999"), 1)

    with pytest.raises(NotReadable, match="accounts ending in"):
        read(both)
    assert len(facts(read(both, last4="1234"))) == 4


def _statement(account: str) -> bytes:
    inner = files.ofx(("20261003", "7.00", "Z", "other"), account=account)
    return inner[inner.index(b"<STMTTRNRS>") : inner.index(b"</BANKMSGSRSV1>")]


# CAMT.053


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"<CdtDbtInd>DBIT</CdtDbtInd><Sts>", b"<CdtDbtInd>X</CdtDbtInd><Sts>", "Entry 2: <CdtDbtInd> is “X”"),
        (b"<BookgDt><Dt>2026-10-05</Dt></BookgDt>", b"", "Entry 4: <BookgDt> is missing"),
        (b"<Amt Ccy='USD'>12.00</Amt>", b"<Amt Ccy='EUR'>12.00</Amt>", "Entry 2: <Amt> is in EUR"),
        (b"<Amt Ccy='USD'>12.00</Amt>", b"", "Entry 2: <Amt> is missing"),
    ],
)
def test_camt_entries_name_their_field(old: bytes, new: bytes, words: str) -> None:
    content = WRITERS["camt053"](LINES).replace(old, new, 1)

    assert [words in row.problem for row in read(content).rows if isinstance(row, BadRow)] == [True]


def test_camt_counts_only_what_is_booked_and_reads_a_reversal_by_its_own_side() -> None:
    pending = WRITERS["camt053"](LINES).replace(
        b"<Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-10-05", b"<Cd>PDNG</Cd></Sts><BookgDt><Dt>2026-10-05"
    )
    pending = pending.replace(files.decimal(sum(line.amount_minor for line in LINES)).encode(), b"7982.00")

    assert len(facts(read(pending))) == 3
    mirrored = WRITERS["camt053"](LINES).replace(b"<Sts><Cd>BOOK", b"<RvslInd>true</RvslInd><Sts><Cd>BOOK")
    assert [amount for _, amount in facts(read(mirrored))] == [line.amount_minor for line in LINES]


def test_camt_of_another_kind_is_named() -> None:
    with pytest.raises(NotReadable, match="ask for CAMT"):
        read(
            WRITERS["camt053"](LINES)
            .replace(b"camt.053", b"camt.054")
            .replace(b"<Stmt>", b"<Ntfctn>")
            .replace(b"</Stmt>", b"</Ntfctn>")
        )


def test_camt_of_several_days_must_meet() -> None:
    first, second = files.camt053(LINES[:2], 1000), files.camt053(LINES[2:], 1000 + 799400)
    statement = second[second.index(b"<Stmt>") : second.index(b"</BkToCstmrStmt>")].replace(
        b"2026-10-01", b"2026-10-03"
    )

    reading = read(first.replace(b"</BkToCstmrStmt>", statement + b"</BkToCstmrStmt>"))
    assert (len(facts(reading)), reading.opening_minor) == (4, 1000)
    with pytest.raises(NotReadable, match="do not meet"):
        read(first.replace(b"</BkToCstmrStmt>", statement.replace(b"8004.00", b"8004.01") + b"</BkToCstmrStmt>"))


# BAI2 and MT940


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"16,475,1200", b"16,475,1300", "does not add up"),
        (b"16,475,1200", b"17,475,1200", "Line 9 is no BAI2 record"),
        (b"16,475,1200", b"16,475,12x0", "Near line"),
        (b"16,475,1200", b"16,9z9,1200", "Near line"),
        (b"\n99,", b"\n98,", "Line 18: a record 98 cannot stand behind 98"),
    ],
)
def test_bai2_says_what_is_wrong(old: bytes, new: bytes, words: str) -> None:
    with pytest.raises(NotReadable, match=words):
        read(WRITERS["bai2"](LINES).replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b":62F:", b":62X:", "no :62F: balance"),
        (b":60F:C261001USD0,00", b":60F:C261001USD1,00", "does not add up"),
        (b":61:2610021002D12,00", b":61:2610021002Q12,00", "Line 7: field :61: cannot be read"),
        (b":61:2610021002D12,00", b":61:2613021002D12,00", "field :61: cannot be read"),
    ],
)
def test_mt940_says_what_is_wrong(old: bytes, new: bytes, words: str) -> None:
    with pytest.raises(NotReadable, match=words):
        read(WRITERS["mt940"](LINES).replace(old, new, 1))


def test_mt940_takes_back_a_credit_as_money_out() -> None:
    content = WRITERS["mt940"](LINES[:1]).replace(b"C8006,00", b"RC8006,00").replace(b":62F:C", b":62F:D")

    assert facts(read(content)) == [(date(2026, 10, 1), -800600)]


def test_an_mt940_file_that_is_the_name_of_a_file_is_not_opened() -> None:
    with pytest.raises(NotReadable):
        read(b":20:/etc/passwd")
    with pytest.raises(NotReadable):
        read(b"/etc/passwd")


@pytest.mark.parametrize("name", WRITERS)
def test_a_day_that_has_not_come_is_refused(name: str) -> None:
    rows = read(WRITERS[name]([Line(TODAY + timedelta(days=2), 100, "x")])).rows

    assert [row.problem for row in rows if isinstance(row, BadRow)] == [
        f"{TODAY + timedelta(days=2)} has not come yet."
    ]
