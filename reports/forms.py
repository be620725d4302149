"""What people type about documents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from people.queries import month_bounds

FILE_MAX_BYTES = 20 * 1024 * 1024


class MonthForm(forms.Form):
    """A month, such as 2026-10."""

    month = forms.CharField(
        error_messages={"required": "Choose a month."},
        widget=forms.DateInput(attrs={"type": "month", "class": "quantity month"}),
    )

    def clean_month(self) -> str:
        month: str = self.cleaned_data["month"]
        try:
            month_bounds(month)
        except ValueError:
            raise forms.ValidationError("Write the month as year and month, such as 2026-10.") from None
        return month


class VerifyForm(forms.Form):
    """A PDF that somebody wants to check."""

    file = forms.FileField(
        label="The PDF file",
        error_messages={"required": "Choose a file first.", "empty": "This file is empty."},
        widget=forms.FileInput(attrs={"accept": "application/pdf"}),
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > FILE_MAX_BYTES:
            raise forms.ValidationError("Our documents are smaller than 20 MB; this file is none of them.")
        if not file.read(5).startswith(b"%PDF-"):
            raise forms.ValidationError("This is no PDF; our documents are.")
        return file
