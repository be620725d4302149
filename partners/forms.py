"""What staff type on the desk."""

from __future__ import annotations

import base64
from typing import Any

from django import forms

from partners import bank_csv
from partners.models import BankAccount


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


class UploadForm(forms.Form):
    """A bank's CSV."""

    account = forms.ModelChoiceField(BankAccount.objects.all(), label="Bank account", empty_label=None)
    file = forms.FileField(label="Statement as CSV", widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > bank_csv.BYTES_MAX:
            raise forms.ValidationError("The file is larger than 1 MB. Export a shorter period.")
        return file


class ImportForm(forms.Form):
    """The file as it was checked, carried from the dry run to the import."""

    account = forms.ModelChoiceField(BankAccount.objects.all(), widget=forms.HiddenInput)
    file_name = forms.CharField(max_length=120, widget=forms.HiddenInput)
    content = forms.CharField(widget=forms.HiddenInput)

    def clean_content(self) -> bytes:
        return _unpacked(self.cleaned_data["content"])


def _unpacked(packed: str) -> bytes:
    try:
        return base64.b64decode(packed, validate=True)
    except ValueError as error:  # no base64, or not even ASCII
        raise forms.ValidationError("The file did not arrive whole. Upload it again.") from error
