"""What staff type on the desk."""

from __future__ import annotations

import base64
from typing import Any

from django import forms

from partners.bank.readers import NAMES, BadField
from partners.bank.readers.fields import amount_minor
from partners.bank.readers.text import BYTES_MAX, MEGABYTES_MAX
from partners.models import BankAccount, ColumnProfile


class DayField(forms.DateField):
    """A calendar day, with the browser's own control."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        words = {"invalid": "Write the day as year-month-day, such as 2026-10-31."}
        super().__init__(widget=widget, error_messages=words, input_formats=["%Y-%m-%d"], **kwargs)


class ProposeForm(forms.Form):
    """The cut-off day of a proposal."""

    as_of = DayField(label="Cut-off day")


class RefuseForm(forms.Form):
    """Why a batch is refused."""

    reason = forms.CharField(
        label="Why you refuse it",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why, so that the next proposal can be right."},
    )


class WhyForm(forms.Form):
    """Why what is in the books should be taken back."""

    why = forms.CharField(
        label="Why they are wrong",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why they are wrong."},
    )


class OpeningForm(forms.Form):
    """The balances of the old books."""

    file = forms.FileField(label="Balances as CSV", widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))
    words = forms.CharField(
        label="Where they come from",
        max_length=500,
        help_text="Such as: trial balance of the old books at 31 December 2026, by our accountant.",
        error_messages={"required": "Say where these balances come from."},
    )


class CheckedOpeningForm(forms.Form):
    """The file as it was checked, carried from the dry run to the proposal."""

    file_name = forms.CharField(max_length=120, widget=forms.HiddenInput)
    words = forms.CharField(max_length=500, widget=forms.HiddenInput)
    content = forms.CharField(widget=forms.HiddenInput)

    @classmethod
    def carrying(cls, *, file_name: str, content: bytes, words: str) -> CheckedOpeningForm:
        packed = base64.b64encode(content).decode()
        return cls(initial={"file_name": file_name[-120:], "content": packed, "words": words})

    def clean_content(self) -> bytes:
        return _unpacked(self.cleaned_data["content"])


class ColumnsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Which column of a bank's CSV holds what."""

    class Meta:
        model = ColumnProfile
        fields = [
            "name",
            "date_column",
            "date_format",
            "value_date_column",
            "description_column",
            "more_description_column",
            "amount_column",
            "debit_column",
            "credit_column",
            "is_flipped",
            "decimal_mark",
            "bank_ref_column",
            "reference_column",
            "balance_column",
        ]

    def clean(self) -> dict[str, Any]:
        """One column for the amount, or two: the database holds the same."""
        cleaned = super().clean() or {}
        one, debit, credit = (cleaned.get(f"{name}_column") for name in ("amount", "debit", "credit"))
        if one and (debit or credit):
            self.add_error("amount_column", "Leave this empty where debit and credit have columns of their own.")
        elif not one and not (debit and credit):
            self.add_error("amount_column", "Name the column of the amount, or those of debit and credit.")
        return cleaned


class UploadForm(forms.Form):
    """A bank's file, and what a person knows of it that it may not say itself."""

    account = forms.ModelChoiceField(BankAccount.objects.all(), label="Bank account", empty_label=None)
    file = forms.FileField(
        label="Statement file",
        help_text=f"{', '.join(NAMES.values())}, up to {MEGABYTES_MAX} MB.",
        allow_empty_file=True,
    )
    chosen_format = forms.ChoiceField(
        label="Format", choices=[("", "As the file itself shows"), *NAMES.items()], required=False
    )
    first_on = DayField(label="First day of the statement", required=False)
    last_on = DayField(label="Last day of the statement", required=False)
    opening = forms.CharField(label="Opening balance", max_length=30, required=False)
    closing = forms.CharField(label="Closing balance", max_length=30, required=False)

    def must(self) -> list[forms.BoundField]:
        return [self["account"], self["file"]]

    def may(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in ("account", "file")]

    def asks_more(self) -> bool:
        """Whether somebody typed something there, which is then shown again."""
        return any(field.value() or field.errors for field in self.may())

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > BYTES_MAX:
            raise forms.ValidationError(f"The file is larger than {MEGABYTES_MAX} MB. Export a shorter period.")
        return file

    def clean(self) -> dict[str, Any]:
        """The balances in minor units of the account's currency."""
        cleaned = super().clean() or {}
        account = cleaned.get("account")
        for name in ("opening", "closing"):
            text = cleaned.pop(name, "")
            cleaned[f"{name}_minor"] = None
            if text and account is not None:
                try:
                    cleaned[f"{name}_minor"] = amount_minor(text, account.currency)
                except BadField as error:
                    self.add_error(name, str(error))
        first_on, last_on = cleaned.get("first_on"), cleaned.get("last_on")
        if first_on and last_on and first_on > last_on:
            self.add_error("last_on", "The last day lies before the first.")
        return cleaned


def _unpacked(packed: str) -> bytes:
    try:
        return base64.b64decode(packed, validate=True)
    except ValueError as error:  # no base64, or not even ASCII
        raise forms.ValidationError("The file did not arrive whole. Upload it again.") from error
