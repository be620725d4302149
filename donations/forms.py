"""The give form: what a visitor typed, checked field by field, and kept when something is wrong."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms

from donations.models import Fund
from donations.operations.stop_plan import REASONS
from people.money import NotAnAmount, format_minor, parse_amount

MONTHLY, ONCE = "month", "once"
OTHER = "other"


class GiveForm(forms.Form):
    """Once or monthly, a tier or one's own amount, name and e-mail; `form_key` makes the same form the same gift."""

    already_giving = False  # whether the error on the address is that it gives each month already

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    often = forms.ChoiceField(
        label="How often",
        choices=[(MONTHLY, "Monthly"), (ONCE, "Once")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose monthly or once."},
    )
    amount = forms.ChoiceField(
        label="Amount",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an amount.", "invalid_choice": "Choose one of these amounts."},
    )
    own_amount = forms.CharField(
        label="Your own amount",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    name = forms.CharField(
        label="Your name",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={
            "required": "Enter your e-mail address; the thank-you goes there.",
            "invalid": "This is not an e-mail address. It should look like name@example.org.",
        },
    )

    def __init__(self, *args: Any, fund: Fund, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fund, self.currency = fund, currency
        self.fields["amount"].choices = self._amounts()  # type: ignore[attr-defined]

    def _amounts(self) -> list[tuple[str, str]]:
        tiers = [(str(tier.amount_minor), _short(tier.amount_minor, self.currency)) for tier in self.fund.tiers.all()]
        return [*tiers, (OTHER, "Other")]

    def full_clean(self) -> None:
        """Check everything; the first box with something wrong in it, in the page's order, gets the focus."""
        super().full_clean()
        wrong = [name for name in ("own_amount", "email", "name") if self.is_bound and name in self.errors]
        if wrong:
            self.fields[wrong[0]].widget.attrs["autofocus"] = True

    def clean_name(self) -> str:
        """A name goes into a mail's first line; an address in it is not a name."""
        name = " ".join(self.cleaned_data["name"].split())
        if "://" in name or "www." in name.lower():
            raise forms.ValidationError("Write a name without a web address.")
        return name

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "amount" in cleaned:
            cleaned["amount_minor"] = self._amount_minor(cleaned)
        return cleaned

    def _amount_minor(self, cleaned: dict[str, Any]) -> int | None:
        """The chosen tier, or what was typed; the error stands next to the field that it is about."""
        if cleaned["amount"] != OTHER:
            return int(cleaned["amount"])
        try:
            amount_minor = parse_amount(cleaned.get("own_amount", ""), self.currency)
        except NotAnAmount as error:
            self.add_error("own_amount", str(error))
            return None
        least, most = self.fund.minimum_minor, self.fund.maximum_minor
        if amount_minor < least:
            self.add_error("own_amount", f"The smallest gift we can take is {format_minor(least, self.currency)}.")
        if amount_minor > most:
            limit = format_minor(most, self.currency)
            self.add_error("own_amount", f"Online we take up to {limit} at a time. For more, please write to us.")
        return amount_minor


class StopForm(forms.Form):
    """Why somebody stops, if they want to say; nothing depends on it."""

    reason = forms.ChoiceField(
        label="Would you tell us why?", choices=REASONS, required=False, widget=forms.RadioSelect
    )


def new_key() -> str:
    """The key of one view of the form."""
    return str(uuid.uuid4())


def first_choice(amounts: Sequence[tuple[str, str]]) -> str:
    """The amount that stands chosen at first: the second tier when there is one, never the dearest."""
    tiers = [value for value, _ in amounts if value != OTHER]
    return tiers[1] if len(tiers) > 2 else tiers[0] if tiers else OTHER


def _short(amount_minor: int, currency: str) -> str:
    """`2500, "usd"` -> "$25": whole amounts without decimals, as people say them."""
    return format_minor(amount_minor, currency).removesuffix(".00")


class GiftRefundForm(forms.Form):
    """How much of a gift goes back; who reads it decides whether that much is left."""

    amount = forms.CharField(
        label="How much", max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    form_key = forms.CharField(max_length=40, required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> int:
        try:
            return parse_amount(self.cleaned_data["amount"], self.currency)
        except NotAnAmount as error:
            raise forms.ValidationError(str(error), code="not_an_amount") from error
