"""Files of ACH returns as a bank writes them."""

from __future__ import annotations

from partners.nacha import BLOCK, WIDTH

THEIRS = "12100035"  # the receiving bank, without its check digit


def entry(trace: str, amount_minor: int, code: str, corrected: str = "", *, number: int = 1) -> list[str]:
    """An entry that came back (21), with its addenda: 99 for R codes, 98 for C codes."""
    kind = "99" if code[0] == "R" else "98"
    said = f"{'':6}{trace[:8]}{corrected:<44}"
    whose = f"{'TP00001N001':<15}{'DAHLIAS HOPE':<22}  1"
    return [
        f"621{THEIRS}8{'000123456789':<17}{amount_minor:010}{whose}{THEIRS}{number:07}",
        f"7{kind}{code}{trace:<15}{said}{THEIRS}{number:07}",
    ]


def file_of(*entries: list[str], sec: str = "CCD", **instead: str) -> bytes:
    """A whole file with one batch; `instead` puts other records in the place of `batch_control` or `file_control`."""
    lines = [line for one in entries for line in one]
    total = sum(int(line[29:39]) for line in lines if line[0] == "6")
    sums = f"{int(THEIRS) * len(entries):010}{0:012}{total:012}"
    records = [
        f"101 09100001911234567892610231200A094101{'OUR BANK':<23}{'THEIR BANK':<23}{'':8}",
        f"5200{'TASSEL':<16}{'':20}1123456789{sec}{'PAYOUT':<10}261022261023   1{THEIRS}0000001",
        *lines,
        instead.get("batch_control", f"8200{len(lines):06}{sums}1123456789{'':25}{THEIRS}0000001"),
    ]
    blocks = -(-(len(records) + 1) // BLOCK)
    records.append(instead.get("file_control", f"9000001{blocks:06}{len(lines):08}{sums}{'':39}"))
    records += ["9" * WIDTH] * (blocks * BLOCK - len(records))
    return "".join(f"{record}\r\n" for record in records).encode()
