"""What staff type about a payout that is being sent."""

from __future__ import annotations

from typing import Any

from django import forms

from partners.ach_returns import LARGEST
from partners.forms import DayField
from partners.models import BankAccount


class ChequeNumberForm(forms.Form):
    """The printed cheque."""

    account = forms.ModelChoiceField(BankAccount.objects.all(), label="Drawn on", empty_label=None)
    number = forms.IntegerField(label="Number of the cheque", min_value=1, max_value=2_000_000_000)


class AchFileForm(forms.Form):
    """When the bank is to move the money."""

    effective_on = DayField(label="Effective on")


class AchReturnsForm(forms.Form):
    """A bank's file of returns."""

    account = forms.ModelChoiceField(
        BankAccount.objects.all(), label="The account that the payouts left from", empty_label=None
    )
    file = forms.FileField(
        label="File of returns, as the bank gave it",
        help_text="NACHA format, up to 2 MB.",
        error_messages={"required": "Choose the file.", "empty": "The file is empty."},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError("The file is larger than 2 MB: it cannot be a bank's file of returns.")
        return file


class PrenoteForm(forms.Form):
    """What came of a prenote."""

    code = forms.CharField(
        label="The bank's code", max_length=3, required=False, help_text="Empty when nothing came back."
    )


class SentByHandForm(forms.Form):
    """Why a payout went another way, and what proves it."""

    reason = forms.CharField(
        label="Why it went this way",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why it went this way."},
    )
    proof = forms.FileField(label="Proof, as PDF or picture", error_messages={"required": "Attach what proves it."})


class BankNoticeForm(forms.Form):
    """What the partner's bank told."""

    code = forms.CharField(
        label="The bank's code", max_length=3, help_text="R01 to R99 for a return, C01 to C99 for a notice of change."
    )
    account = forms.ModelChoiceField(
        BankAccount.objects.all(), label="Money came back into", required=False, empty_label="It had not left our bank"
    )
