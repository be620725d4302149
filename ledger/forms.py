"""What staff type about exceptions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from ledger.discrepancies import KINDS
from ledger.models import Entry, ReconciliationException
from people.models import User

Resolution = ReconciliationException.Resolution
KEEPERS = ("finance preparer", "finance approver")
ID_DIGITS_MAX = 9  # an entry's number has four bytes


class ExceptionFilter(forms.Form):
    """Which exceptions to show."""

    OPEN, OVERDUE, SETTLED = "open", "overdue", "settled"

    state = forms.ChoiceField(
        choices=[(OPEN, "Open"), (OVERDUE, "Overdue"), (SETTLED, "Settled")],
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": "Exceptions are open, overdue or settled."},
    )
    kind = forms.ChoiceField(
        label="What",
        required=False,
        error_messages={"invalid_choice": "There is no such kind of exception."},
    )
    subject = forms.CharField(label="About", max_length=200, required=False, help_text="A Stripe id, or a part of one.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = sorted(((kind.word, kind.title) for kind in KINDS.values()), key=lambda pair: pair[1])
        self.fields["kind"].choices = [("", "Everything"), *kinds]  # type: ignore[attr-defined]

    def found(self) -> Q:
        """The condition that the typed words make; only of a valid form."""
        typed = self.cleaned_data
        kind = Q(kind=typed["kind"]) if typed["kind"] else Q()
        return kind & Q(subject__icontains=typed["subject"].strip())


class AssignForm(forms.Form):
    """Whose it is."""

    owner = forms.ModelChoiceField(
        User.objects.none(), label="Who looks into it", required=False, empty_label="Nobody in particular"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keepers = User.objects.filter(is_active=True, is_staff=True, groups__name__in=KEEPERS)
        self.fields["owner"].queryset = keepers.distinct().order_by("name", "email")  # type: ignore[attr-defined]


class SettleForm(forms.Form):
    """How an exception ends; `entry` is the one that corrected it or wrote it off."""

    resolution = forms.ChoiceField(
        label="How it ends",
        choices=[(word.value, word.label) for word in Resolution if word != Resolution.GONE],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how it ends.", "invalid_choice": "Choose one of these."},
    )
    entry = forms.CharField(
        label="Entry", max_length=200, required=False, help_text="Its number or its key, when an entry ends it."
    )
    reason = forms.CharField(
        label="Why",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For whoever asks in a year. Write no names of people.",
        error_messages={"required": "Say why it is settled."},
    )

    def clean_entry(self) -> str:
        """The key of the entry that was named by its number or its key; empty when none was."""
        typed = str(self.cleaned_data["entry"]).strip()
        if not typed:
            return ""
        named = Q(idempotency_key=typed)
        if typed.isascii() and typed.isdecimal() and len(typed) <= ID_DIGITS_MAX:
            named |= Q(pk=int(typed))
        if not (found := Entry.objects.filter(named).first()):
            raise forms.ValidationError("There is no entry of that number or key.")
        return found.idempotency_key
