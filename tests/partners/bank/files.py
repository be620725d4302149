"""Bank files of every format, written the plain way from the same lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Line:
    booked_on: date
    amount_minor: int
    text: str
    bank_ref: str = ""


def decimal(minor: int, mark: str = ".") -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}{mark}{abs(minor) % 100:02}"


def ofx(
    *entries: tuple[str, str, str, str],
    account: str = "000111234",
    first: str = "",
    last: str = "",
    closing: str = "",
    as_of: str = "",
) -> bytes:
    """OFX 1.x: (day, amount, FITID, name) each; leaves are not closed."""
    period = (f"<DTSTART>{first}\n" if first else "") + (f"<DTEND>{last}\n" if last else "")
    rows = "".join(
        f"<STMTTRN>\n<TRNTYPE>OTHER\n<DTPOSTED>{day}120000.000[-5:EST]\n<TRNAMT>{amount}\n<FITID>{fitid}\n"
        f"<NAME>{escape(name)}\n</STMTTRN>\n"
        for day, amount, fitid, name in entries
    )
    balance = f"<LEDGERBAL>\n<BALAMT>{closing}\n<DTASOF>{as_of}\n</LEDGERBAL>\n" if closing else ""
    return (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n"
        "OLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX>\n<SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS>"
        "<DTSERVER>20261020</SONRS></SIGNONMSGSRSV1>\n<BANKMSGSRSV1><STMTTRNRS><TRNUID>1\n<STMTRS>\n<CURDEF>USD\n"
        f"<BANKACCTFROM><BANKID>1<ACCTID>{account}<ACCTTYPE>CHECKING</BANKACCTFROM>\n<BANKTRANLIST>\n{period}{rows}"
        f"</BANKTRANLIST>\n{balance}</STMTRS></STMTTRNRS></BANKMSGSRSV1>\n</OFX>\n"
    ).encode("cp1252")


def ofx_of(lines: Sequence[Line]) -> bytes:
    return ofx(*[(f"{line.booked_on:%Y%m%d}", decimal(line.amount_minor), line.bank_ref, line.text) for line in lines])


def camt053(lines: Sequence[Line], opening: int = 0, account: str = "US000111234") -> bytes:
    closing = opening + sum(line.amount_minor for line in lines)
    entries = "".join(
        f"<Ntry><Amt Ccy='USD'>{decimal(abs(line.amount_minor))}</Amt><CdtDbtInd>{_side(line.amount_minor)}</CdtDbtInd>"
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{line.booked_on}</Dt></BookgDt>"
        f"{f'<AcctSvcrRef>{escape(line.bank_ref)}</AcctSvcrRef>' if line.bank_ref else ''}"
        f"<AddtlNtryInf>{escape(line.text)}</AddtlNtryInf></Ntry>"
        for line in lines
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'>"
        f"<BkToCstmrStmt><Stmt><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>USD</Ccy></Acct>"
        f"{_camt_balance('OPBD', opening)}{_camt_balance('CLBD', closing)}{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _camt_balance(code: str, minor: int) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='USD'>{decimal(abs(minor))}</Amt>"
        f"<CdtDbtInd>{_side(minor)}</CdtDbtInd><Dt><Dt>2026-10-01</Dt></Dt></Bal>"
    )


def _side(minor: int) -> str:
    return "DBIT" if minor < 0 else "CRDT"


def bai2(lines: Sequence[Line], opening: int = 0, account: str = "000111234") -> bytes:
    """A group for each day."""
    days = sorted({line.booked_on for line in lines})
    records, groups, total = ["01,BANK,US,261020,0100,1,,,2/"], [], 0
    balance = opening
    for day in days:
        todays = [line for line in lines if line.booked_on == day]
        before, balance = balance, balance + sum(line.amount_minor for line in todays)
        rows = [
            f"16,{'475' if line.amount_minor < 0 else '165'},{abs(line.amount_minor)},Z,{line.bank_ref},,{line.text}/"
            for line in todays
        ]
        control = before + balance + sum(abs(line.amount_minor) for line in todays)
        groups.append(control)
        records += [
            f"02,US,BANK,1,{day:%y%m%d},,USD,2/",
            f"03,{account},USD,010,{before},,,015,{balance},,/",
            *rows,
            f"49,{control},{len(rows) + 2}/",
            f"98,{control},1,{len(rows) + 4}/",
        ]
    total = sum(groups)
    records.append(f"99,{total},{len(groups)},{len(records) + 1}/")
    return "\n".join(records).encode()


def mt940(lines: Sequence[Line], opening: int = 0, account: str = "BANK/000111234") -> bytes:
    closing = opening + sum(line.amount_minor for line in lines)
    first, last = (day(lines[place].booked_on) for place in (0, -1)) if lines else ("261001", "261001")
    rows = [
        f":61:{day(line.booked_on)}{line.booked_on:%m%d}{'D' if line.amount_minor < 0 else 'C'}"
        f"{decimal(abs(line.amount_minor), ',')}NTRFNONREF{f'//{line.bank_ref}' if line.bank_ref else ''}"
        f"\r\n:86:{line.text}"
        for line in lines
    ]
    return "\r\n".join(
        [
            ":20:STATEMENT",
            f":25:{account}",
            ":28C:1/1",
            f":60F:{'D' if opening < 0 else 'C'}{first}USD{decimal(abs(opening), ',')}",
            *rows,
            f":62F:{'D' if closing < 0 else 'C'}{last}USD{decimal(abs(closing), ',')}",
            "-",
        ]
    ).encode()


def day(when: date) -> str:
    return f"{when:%y%m%d}"


def csv_of(lines: Sequence[Line]) -> bytes:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    rows = [f"{line.booked_on},{quoted(line.text)},{decimal(line.amount_minor)}" for line in lines]
    return "\r\n".join(["Date,Description,Amount", *rows, ""]).encode()
