"""What staff type about agreements; `partners.operations.prepare_agreement` has the rules."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from django import forms

from partners.forms import DayField
from partners.models import AgreementEvent, Partner, StateRule
from partners.terms import Basis, FeeEstimate, LimitPeriod, Limits, Per
from people.money import NotAnAmount, parse_amount
from people.operations.attach_file import BYTES_MAX
from people.queries import organisation

# Where the operation's words for a field differ from the form's.
FIELD_OF = {"rate_num": "percent", "each_minor": "each", "fee_estimate": "fee_percent"}


class PercentField(forms.DecimalField):
    """A percentage as people write it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=7,
            decimal_places=4,
            required=False,
            widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            error_messages={"invalid": "Write the share in figures, such as 20 or 12.5."},
            **kwargs,
        )


class AmountField(forms.CharField):
    """An amount of the organisation's currency, as minor units; 0 when it is left empty."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal"})
        super().__init__(max_length=20, required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> int:
        typed = super().clean(value)
        if not typed:
            return 0
        try:
            return parse_amount(typed, organisation().currency)
        except NotAnAmount as error:
            raise forms.ValidationError(str(error)) from error


class AgreementForm(forms.Form):
    """A promise as a person writes it."""

    partner = forms.ModelChoiceField(
        Partner.objects.exclude(status=Partner.Status.CLOSED), empty_label="Choose a partner"
    )
    scope_key = forms.CharField(
        label="Of what",
        max_length=120,
        help_text="variant:SKU, product:slug, collection:slug or shop; fund:slug, campaign:slug or gifts.",
    )
    scope_label = forms.CharField(
        label="What a buyer calls it", max_length=120, help_text="Such as Valor tassel earrings, or Seed Collective."
    )
    per = forms.ChoiceField(label="How the share is measured", choices=Per.choices, initial=Per.PERCENT)
    percent = PercentField(label="Share in percent", help_text="For a percentage, such as 20 or 12.5.")
    each = AmountField(label="Amount of each", help_text="For each piece, or each order or gift, such as 2.00.")
    basis = forms.ChoiceField(
        label="Figured on",
        required=False,
        choices=[("", "What was paid for the goods, or the gift itself"), *Basis.choices[2:]],
    )
    fee_percent = PercentField(
        label="Card fee that pages assume, in percent",
        help_text="Only for a share less card fees: the real fee is known after the sale, so pages show an estimate.",
    )
    fee_fixed = AmountField(label="And its fixed part", help_text="Such as 0.30.")
    cap = AmountField(label="At most", help_text="A cap, such as 10,000.00. Empty for none.")
    minimum = AmountField(label="At least", help_text="A guaranteed minimum, such as 2,500.00. Empty for none.")
    limit_period = forms.ChoiceField(
        label="Cap and minimum count", choices=LimitPeriod.choices, initial=LimitPeriod.SERIES, required=False
    )
    starts_on = DayField(label="First day")
    ends_on = DayField(label="Last day, included")
    stacking_set = forms.SlugField(
        label="Stacking set",
        max_length=60,
        required=False,
        help_text="Agreements that apply together to one sale or gift share a word. Leave it empty otherwise.",
    )
    series = forms.CharField(
        label="Continues the promise",
        max_length=120,
        required=False,
        help_text="The series of which this is the next version. Empty: that of this partner and scope.",
    )

    def terms(self) -> dict[str, Any]:
        """What was typed, as `prepare_agreement` takes it."""
        typed = dict(self.cleaned_data)
        rate = Fraction(typed.pop("percent") or 0) / 100
        fee = Fraction(typed.pop("fee_percent") or 0) * 100
        fixed_minor = typed.pop("fee_fixed")
        each_minor = typed.pop("each")
        limits = Limits(
            typed.pop("cap") or None, typed.pop("minimum") or None, typed.pop("limit_period") or LimitPeriod.SERIES
        )
        return typed | {
            "rate_num": rate.numerator,
            "rate_den": rate.denominator,
            "each_minor": each_minor,
            "limits": limits,
            "fee_estimate": FeeEstimate(int(fee), fixed_minor),
        }


class EndForm(forms.Form):
    """An earlier last day."""

    ends_on = DayField(label="New last day, included")


class PaperForm(forms.Form):
    """A signed document or a consent, with the day on it."""

    kind = forms.ChoiceField(
        label="What it is",
        choices=[(kind.value, kind.label) for kind in (AgreementEvent.Kind.SIGNED, AgreementEvent.Kind.CONSENTED)],
    )
    on = DayField(label="Day on the paper")
    file = forms.FileField(
        label="The file",
        help_text="A PDF, a picture or a text of at most 5 MB.",
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,.txt"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > BYTES_MAX:
            raise forms.ValidationError("The file is larger than 5 MB.")
        return file


class StatesForm(forms.Form):
    """The states in which buyers are promised the share."""

    states = forms.MultipleChoiceField(
        label="Sold in", widget=forms.CheckboxSelectMultiple, error_messages={"required": "Tick at least one state."}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = StateRule.objects.order_by("state").values_list("state", flat=True).distinct()
        self.fields["states"].choices = [(state, state) for state in known]  # type: ignore[attr-defined]


class DoneForm(forms.Form):
    """When something was done."""

    done_on = DayField(label="Done on")
