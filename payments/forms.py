"""What staff type to find something of Stripe's."""

from __future__ import annotations

from django import forms

from payments.models import StripeCall, StripeEvent, StripePayout

STRIPE_ID = {"max_length": 255, "required": False}


class State(forms.ChoiceField):
    """A list's state, kept while other words are typed; empty: what needs somebody now."""

    def __init__(self, *choices: tuple[str, str]) -> None:
        wrong = {"invalid_choice": f"There is no such state; there are {', '.join(word for _, word in choices)}."}
        super().__init__(choices=choices, required=False, widget=forms.HiddenInput, error_messages=wrong)


class EventFilter(forms.Form):
    """Which events to show; an id is the event's own or that of the object it is about."""

    WAITING, ALL = StripeEvent.State.RECEIVED.value, "all"

    state = State((WAITING, "waiting"), ("dead", "dead"), ("done", "done"), ("ignored", "ignored"), (ALL, "all"))
    type = forms.CharField(label="Type", max_length=100, required=False)
    id = forms.CharField(label="Stripe id", **STRIPE_ID)  # type: ignore[arg-type]


class CallFilter(forms.Form):
    """Which calls to show."""

    UNANSWERED, ALL = "unanswered", "all"

    state = State((UNANSWERED, "unanswered"), *((state.value, state.value) for state in StripeCall.State), (ALL, ALL))
    purpose = forms.ChoiceField(
        label="Purpose",
        choices=[("", "Any purpose"), *((one.value, one.label) for one in StripeCall.Purpose)],
        required=False,
        error_messages={"invalid_choice": "No call has such a purpose."},
    )
    subject = forms.CharField(label="About", max_length=80, required=False, help_text="Such as order:1042.")


class BalanceFilter(forms.Form):
    """Which balance transactions to show."""

    WITH, WITHOUT = "with", "without"

    payout = forms.CharField(label="Payout", **STRIPE_ID)  # type: ignore[arg-type]
    category = forms.CharField(label="Category", max_length=40, required=False)
    entry = forms.ChoiceField(
        label="Entry",
        choices=[("", "With or without"), (WITH, "With an entry"), (WITHOUT, "Without an entry")],
        required=False,
        error_messages={"invalid_choice": "Choose with or without an entry."},
    )
    id = forms.CharField(label="Stripe id", **STRIPE_ID)  # type: ignore[arg-type]


class PayoutFilter(forms.Form):
    """Which payouts to show."""

    state = forms.ChoiceField(
        label="State",
        choices=[("", "Any state"), *((one.value, one.label) for one in StripePayout.Status)],
        required=False,
        error_messages={"invalid_choice": "No payout has such a state."},
    )


class FindForm(forms.Form):
    """Any id of Stripe's."""

    id = forms.CharField(label="Stripe id", max_length=255, error_messages={"required": "Type or paste an id."})
