"""What people type about documents."""

from __future__ import annotations

from django import forms
from django.core.files.uploadedfile import UploadedFile

from people.queries import month_bounds

FILE_MAX_BYTES = 20 * 1024 * 1024


class MonthForm(forms.Form):
    """A month, such as 2026-10."""

    month = forms.CharField(max_length=7, widget=forms.DateInput(attrs={"type": "month"}))

    def clean_month(self) -> str:
        month: str = self.cleaned_data["month"]
        try:
            month_bounds(month)
        except ValueError:
            raise forms.ValidationError("Write the month as year and month, such as 2026-10.") from None
        return month


class VerifyForm(forms.Form):
    """A PDF that somebody wants to check."""

    file = forms.FileField(label="The PDF file")

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > FILE_MAX_BYTES:
            raise forms.ValidationError("Our documents are smaller than 20 MB; this file is none of them.")
        return file
