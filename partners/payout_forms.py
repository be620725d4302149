"""What staff type about a payout that is being sent."""

from __future__ import annotations

from django import forms

from partners.forms import DayField
from partners.models import BankAccount


class ChequeNumberForm(forms.Form):
    """The printed cheque."""

    account = forms.ModelChoiceField(BankAccount.objects.all(), label="Drawn on", empty_label=None)
    number = forms.IntegerField(label="Number of the cheque", min_value=1, max_value=2_000_000_000)


class AchFileForm(forms.Form):
    """When the bank is to move the money."""

    effective_on = DayField(label="Effective on")


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
