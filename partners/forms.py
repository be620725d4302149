"""What staff type on the desk."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django import forms

from partners import bank_csv
from partners.models import BankAccount


class ProposeForm(forms.Form):
    """The cut-off day of a proposal."""

    as_of = forms.DateField(
        label="Shares earned up to",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write the day as year-month-day, such as 2026-10-31."},
    )


class RefuseForm(forms.Form):
    """Why a batch is refused."""

    reason = forms.CharField(
        label="Why you refuse it",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why, so that the next proposal can be right."},
    )


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
        try:
            return base64.b64decode(self.cleaned_data["content"], validate=True)
        except binascii.Error as error:
            raise forms.ValidationError("The file did not arrive whole. Upload it again.") from error
