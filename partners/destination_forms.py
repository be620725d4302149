"""What staff type about where a partner is paid: one form for each method."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from partners.destination_details import Details
from partners.models import Method, PayoutDestination


def _no_memory(**attrs: str) -> forms.TextInput:
    """Browsers keep no list of what was typed here."""
    return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **attrs})


class DestinationForm(forms.Form):
    """The fields of one method; `partners.destination_details` has the rules."""

    method: str

    def details(self) -> Details:
        """What was typed, to be checked."""
        return Details(method=self.method, **self.cleaned_data)


class BankForm(DestinationForm):
    method = Method.BANK
    words = forms.CharField(
        label="Bank and last four digits",
        max_length=80,
        help_text="Such as Commerce Bank, ending 6789. Staff order each transfer at the bank.",
    )


class AchForm(DestinationForm):
    method = Method.ACH
    words = forms.CharField(label="Name of the bank", max_length=60)
    routing = forms.CharField(
        label="Routing number",
        max_length=11,
        widget=_no_memory(inputmode="numeric"),
        help_text="Nine digits. The last one checks the others.",
    )
    account = forms.CharField(
        label="Account number",
        max_length=20,
        widget=_no_memory(inputmode="numeric"),
        help_text="It is encrypted at once; from then on only its last four digits are shown.",
    )
    account_kind = forms.ChoiceField(
        label="Kind of account", choices=[("", "Choose"), *PayoutDestination.AccountKind.choices]
    )


class ChequeForm(DestinationForm):
    method = Method.CHEQUE
    payee = forms.CharField(label="To the order of", max_length=60)
    address = forms.CharField(
        label="Postal address",
        max_length=320,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Two to five lines: the organisation's office or box.",
    )
    is_office = forms.BooleanField(
        label="This is an office or a post box. Nobody who is sheltered lives there.",
        error_messages={"required": "Confirm it. The address of a shelter is never kept."},
    )


class ManualForm(DestinationForm):
    method = Method.MANUAL
    words = forms.CharField(
        label="How it is paid", max_length=80, help_text="Such as Wire ordered by the treasurer, ending 6789."
    )


FORMS: Final[dict[str, type[DestinationForm]]] = {
    form.method: form for form in (BankForm, AchForm, ChequeForm, ManualForm)
}


class NoteForm(forms.Form):
    """What the call-back was, or why something is not to be."""

    note = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data: Any = None, *, label: str, missing: str, prefix: str) -> None:
        super().__init__(data, prefix=prefix)
        self.fields["note"].label = label
        self.fields["note"].error_messages["required"] = missing


def call_form(data: Any = None) -> NoteForm:
    label = "Whom you called, at which number known before, and what they said"
    return NoteForm(data, label=label, missing="Say whom you called and what they confirmed.", prefix="call")


def refusal_form(data: Any = None) -> NoteForm:
    return NoteForm(data, label="Why it is not to be", missing="Say why the change is not to be.", prefix="refuse")


def hold_form(data: Any = None) -> NoteForm:
    label = "Why the partner is not to be paid"
    return NoteForm(data, label=label, missing="Say why the partner is not to be paid.", prefix="hold")


def lift_form(hold_id: int, data: Any = None) -> NoteForm:
    label = "Why it can be paid again"
    return NoteForm(data, label=label, missing="Say why the partner can be paid again.", prefix=f"lift{hold_id}")
