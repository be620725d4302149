"""What staff type of an entry by hand: its day and reason, a document, and lines that balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django import forms
from django.forms import BaseFormSet, formset_factory

from ledger import builders, owners
from ledger.accounts import CHART, Owners, UnknownAccount, chart_line
from ledger.drafts import AccountRef, PostingDraft
from ledger.hand_lines import HandLine, NotBalanced, pairs_of
from ledger.manual_entries import ABOUT, NOT_BY_HAND, Content
from people.money import NotAnAmount, exponent, is_currency, parse_figure
from people.operations.attach_file import BYTES_MAX, MEDIA_TYPES

REASONS: Final[Mapping[str, str]] = {
    "correction": "Something was booked wrongly",
    "reclassification": "It belongs to another account",
    "write_off": "What is left is written off",
    "late_document": "A document came late",
    "bank_difference": "The bank did something that the books do not know",
    "year_end": "The year is being closed",
}
assert set(REASONS) == set(builders.REASONS)
LINES_SHOWN: Final = 4
LINES_MAX: Final = 20
ACCOUNTS: Final = [
    ("", "Choose an account"),
    *((line.purpose, f"{line.code} {line.name}") for line in CHART.values() if line.purpose not in NOT_BY_HAND),
]
_MEGABYTES: Final = BYTES_MAX // 1024 // 1024


class HandEntryForm(forms.Form):
    """All but the lines. A first version needs a document, a later one may bring another."""

    effective_on = forms.DateField(
        label="Day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text="A day whose month still takes entries.",
        error_messages={"invalid": "Write the day as year-month-day, such as 2026-10-31."},
    )
    currency = forms.CharField(
        label="Currency",
        max_length=3,
        widget=forms.TextInput(attrs={"size": 4, "autocapitalize": "off", "spellcheck": "false"}),
        help_text="The three letters of its code.",
    )
    reason = forms.ChoiceField(
        label="Kind of reason",
        choices=[("", "Choose one"), *REASONS.items()],
        error_messages={"required": "Choose the kind of reason.", "invalid_choice": "Choose one of these."},
    )
    words = forms.CharField(
        label="Why, in your own words",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The person who approves it signs these words too. Write no names of people.",
        error_messages={"required": "Say why this entry is needed."},
    )
    about = forms.CharField(
        label="What it settles or takes back",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false"}),
        help_text="Of what stands open about one payment, its charge or refund, such as stripe:charge:ch_1; of an "
        "entry by hand that it takes back, its key, such as manual:7. Else leave it empty.",
    )
    document = forms.FileField(
        label="Document that shows why",
        widget=forms.FileInput(attrs={"accept": ",".join(sorted(MEDIA_TYPES))}),
        help_text=f"An invoice, a letter, the bank's statement: PDF, picture, CSV or text, up to {_MEGABYTES} MB.",
        error_messages={"required": "Add the document that shows why.", "empty": "This file is empty."},
    )

    def __init__(self, *args: Any, needs_document: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].required = needs_document
        if not needs_document:
            self.fields["document"].label = "Another document, if it takes one"

    def clean_currency(self) -> str:
        """As we write it."""
        code = str(self.cleaned_data["currency"]).strip().lower()
        if not is_currency(code):
            raise forms.ValidationError("Write a currency's code, such as USD.")
        return code

    def clean_about(self) -> str:
        """As the books name it; the currency with which an exception names it is the entry's own."""
        ref = about_of(self.cleaned_data["about"])
        if ref and not ABOUT.fullmatch(ref):
            raise forms.ValidationError(
                "Write it as its exception does, such as stripe:charge:ch_1 or manual:7, or leave it empty."
            )
        return ref


class LineForm(forms.Form):
    """One line: an account, perhaps whose it is, and an amount on one side. Empty lines count for nothing."""

    account = forms.ChoiceField(label="Account", choices=ACCOUNTS, required=False)
    owner = forms.ChoiceField(label="Whose", required=False)
    debit = forms.CharField(label="Debit", max_length=20, required=False)
    credit = forms.CharField(label="Credit", max_length=20, required=False)

    def __init__(self, *args: Any, owner_choices: Sequence[Any] = (), currency: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["owner"].choices = owner_choices  # type: ignore[attr-defined]
        for name in ("debit", "credit"):
            self.fields[name].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self) -> dict[str, Any]:
        """`line` is what it says, or nothing."""
        typed: dict[str, Any] = super().clean() or {}
        sides = [name for name in ("debit", "credit") if typed.get(name, "").strip()]
        if self.errors or not (sides or typed.get("account") or typed.get("owner")):
            return typed
        if not typed.get("account"):
            self.add_error("account", "Choose the account of this line.")
        elif len(sides) != 1:
            self.add_error("debit", "Write one amount: a debit or a credit.")
        else:
            self._read(typed, sides[0])
        return typed

    def _read(self, typed: dict[str, Any], side: str) -> None:
        account = AccountRef(typed["account"], typed.get("owner", ""))
        if problem := wrong_owner(account):
            self.add_error("owner", problem)
        try:
            amount = parse_figure(typed[side].strip().removeprefix("$").strip(), self.currency)
        except NotAnAmount as error:
            self.add_error(side, str(error))
        else:
            if amount == 0:
                self.add_error(side, "Write an amount above zero, or leave the line empty.")
            typed["line"] = HandLine(account, amount if side == "debit" else -amount)


def wrong_owner(account: AccountRef) -> str:
    """Why this account cannot belong to whom it is said to; empty when it can."""
    kind = account.owner.partition(":")[0]
    try:
        line = chart_line(account.purpose, account.owner)
    except UnknownAccount:
        return "Choose whose it is." if not account.owner else "This account belongs to nobody: leave this empty."
    if line.owners is Owners.REQUIRED and kind != "partner":
        return "This account belongs to a partner: choose which."
    if account.purpose == "bank" and kind != "bank":
        return "Choose which of our bank accounts it is: else no statement could ever show it."
    if line.owners is Owners.OPTIONAL and account.purpose != "bank" and kind in ("bank", "partner"):
        return "This account belongs to a fund, or to nobody."
    return ""


class LineForms(BaseFormSet):  # type: ignore[type-arg]
    """All lines; `pairs` is what they are booked as."""

    pairs: tuple[PostingDraft, ...] = ()

    def clean(self) -> None:
        """Debits and credits come to the same."""
        if any(self.errors):
            return
        lines = [form.cleaned_data["line"] for form in self.forms if "line" in form.cleaned_data]
        if not lines:
            raise forms.ValidationError("Write at least one debit and one credit.")
        try:
            self.pairs = pairs_of(lines)
        except NotBalanced as error:
            raise forms.ValidationError(str(error)) from error


_Lines = formset_factory(LineForm, formset=LineForms, extra=0, max_num=LINES_MAX, absolute_max=LINES_MAX)


def line_forms(data: Any, currency: str, *, initial: Sequence[dict[str, str]] = (), more: int = 0) -> LineForms:
    """The lines that were sent, or those of `initial` with empty ones below them."""
    about = {"owner_choices": _owner_choices(), "currency": currency if is_currency(currency) else "usd"}
    if data is not None:
        return _Lines(data, prefix="line", form_kwargs=about)  # type: ignore[return-value]
    shown = [*initial, *[{} for _ in range(max(LINES_SHOWN - len(initial), more))]][:LINES_MAX]
    return _Lines(prefix="line", initial=shown, form_kwargs=about)  # type: ignore[return-value]


def as_typed(lines: Sequence[HandLine], currency: str) -> list[dict[str, str]]:
    """Lines as the form has them: amounts in figures on their side."""
    places = exponent(currency)
    return [
        {
            "account": line.account.purpose,
            "owner": line.account.owner,
            "debit": _figures(line.debit_minor, places),
            "credit": _figures(line.credit_minor, places),
        }
        for line in lines
    ]


def sent_again(data: Mapping[str, str]) -> list[dict[str, str]]:
    """The lines of a form as they were typed, to be shown with more of them; nothing is judged."""
    total = data.get("line-TOTAL_FORMS", "")
    number = min(int(total), LINES_MAX) if total.isascii() and total.isdecimal() and len(total) < 4 else LINES_SHOWN
    names = ("account", "owner", "debit", "credit")
    return [{name: data.get(f"line-{place}-{name}", "")[:40] for name in names} for place in range(number)]


def content_of(form: HandEntryForm, lines: LineForms) -> Content:
    """What is proposed, of a valid form and valid lines."""
    typed = form.cleaned_data
    return Content(
        typed["reason"], typed["words"], typed["effective_on"], typed["currency"], lines.pairs, about=typed["about"]
    )


def about_of(subject: str) -> str:
    """What an exception's subject names: "stripe:charge:ch_1" of "stripe:charge:ch_1:usd", "manual:7" of itself."""
    ref, _, last = subject.strip().rpartition(":")
    return ref if ABOUT.fullmatch(ref) and is_currency(last) else subject.strip()


def started(query: Mapping[str, str], currency: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """What a link to the empty form says already: the day, words, what it settles, and one line of an amount."""
    code = query.get("currency", "").lower()
    code = code if is_currency(code) else currency
    head = {"currency": code.upper(), "words": query.get("words", "").replace("\0", "")[:500]}
    about = about_of(query.get("about", ""))
    head["about"] = about if ABOUT.fullmatch(about) else ""
    try:
        head["effective_on"] = date.fromisoformat(query.get("on", "")).isoformat()
    except ValueError:
        head["effective_on"] = ""
    purpose, owner, amount = query.get("account", ""), query.get("owner", ""), query.get("amount", "")
    digits = amount.removeprefix("-")
    if purpose not in CHART or not (digits.isascii() and digits.isdecimal() and len(digits) < 14):
        return head, []
    return head, as_typed([HandLine(AccountRef(purpose, owner.replace("\0", "")[:80]), int(amount))], code)


def _owner_choices() -> list[Any]:
    return [("", "Nobody in particular"), *owners.choices()]


def _figures(amount_minor: int, places: int) -> str:
    if not amount_minor:
        return ""
    whole, rest = divmod(amount_minor, 10**places)
    return f"{whole}.{rest:0{places}}" if places else str(whole)
