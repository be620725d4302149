"""What `partner:7`, `payout:3`, `bank:line:7` and a share mean to staff who follow money to a bank."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.formats import date_format

from partners.models import Allocation, BankAccount, BankLine, BankStatement, Partner, PartnerPayout
from people.sources import Source

SHARE_PARTS = 6


def describe_partners(refs: list[str]) -> dict[str, Source]:
    """The owners of partner accounts by their names."""
    return {
        f"partner:{partner.pk}": Source(partner.name, partner.get_absolute_url())
        for partner in Partner.objects.filter(pk__in=_numbers(refs))
    }


def describe_payouts(refs: list[str]) -> dict[str, Source]:
    """Payouts, also by their entries' keys ("payout:3:sent:1"), with the page of what each is made of."""
    numbers = _numbers(refs)
    payouts = PartnerPayout.objects.filter(pk__in=numbers).select_related("partner")
    found = {
        payout.pk: Source(
            f"Payout {payout.reference} to {payout.partner.name}",
            reverse("partners:desk_payout", args=[payout.batch_id, payout.pk]),
        )
        for payout in payouts
    }
    return {ref: found[pk] for ref in refs if (pk := _number(ref)) in found}


def describe_bank(refs: list[str]) -> dict[str, Source]:
    """Accounts of ours, their lines, statements, files, matches and rules ("bank:line:7"), each with its page.

    Three queries.
    """
    lines = BankLine.objects.filter(pk__in=_of(refs, "line"))
    statements = BankStatement.objects.filter(pk__in=_of(refs, "statement"))
    found = {line.ref: Source(f"Bank line of {_day(line.booked_on)}", _page("line", line.pk)) for line in lines}
    found |= {
        one.ref: Source(f"Statement {one.file_name}", _page("file", one.file_id) if one.file_id else "")
        for one in statements
    }
    accounts = BankAccount.objects.filter(pk__in=_numbers([ref for ref in refs if ref.count(":") == 1]))
    found |= {one.ref: Source(str(one), _page("account", one.pk)) for one in accounts}
    found |= {f"bank:file:{pk}": Source(f"Statement file {pk}", _page("file", pk)) for pk in _of(refs, "file")}
    for pk in _of(refs, "returns"):
        found[f"bank:returns:{pk}"] = Source(f"ACH returns {pk}", reverse("partners:desk_ach_return", args=[pk]))
    rules = reverse("partners:desk_bank_rules")
    found |= {f"bank:rule:{pk}": Source(f"Rule {pk} for bank lines", rules) for pk in _of(refs, "rule")}
    return found | {f"bank:match:{pk}": Source(f"Bank match {pk}", _page("match", pk)) for pk in _of(refs, "match")}


def _of(refs: list[str], word: str) -> list[int]:
    parts = [[*ref.split(":"), "", ""] for ref in refs]
    return [int(part[2]) for part in parts if part[1] == word and part[2].isascii() and part[2].isdecimal()]


def _page(name: str, pk: int) -> str:
    return reverse(f"partners:desk_bank_{name}", args=[pk])


def _day(day: date) -> str:
    return date_format(day, "j F Y")


def describe_allocations(refs: list[str]) -> dict[str, Source]:
    """Shares by the keys of their accruals, reversals and holds, with the page that says why they are what they are."""
    return {ref: source for ref in refs if (source := _share(ref)) is not None}


def _share(ref: str) -> Source | None:
    """`allocation:order:7:stripe:charge:ch_1:3:accrual`: source, payment and agreement, then what happened."""
    parts = ref.split(":")[1:]
    if len(parts) < SHARE_PARTS or not parts[5].isdecimal():
        return None
    source, charge_ref = ":".join(parts[:2]), ":".join(parts[2:5])
    share = Allocation.objects.filter(source=source, charge_ref=charge_ref, agreement=int(parts[5])).first()
    return Source(f"Share {share.pk}", reverse("partners:desk_allocation", args=[share.pk])) if share else None


def _numbers(refs: list[str]) -> list[int]:
    return [number for ref in refs if (number := _number(ref)) is not None]


def _number(ref: str) -> int | None:
    part = [*ref.split(":"), ""][1]
    return int(part) if part.isascii() and part.isdecimal() else None
