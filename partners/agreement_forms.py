"""What staff type about agreements; `partners.operations.prepare_agreement` has the rules."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from django import forms

from partners.forms import DayField
from partners.models import AgreementEvent, AgreementTerms, Partner, StateRule
from partners.operations.write_terms import Contract
from partners.queries.papers import TERMS
from partners.terms import FEE_FIXED_MAX_MINOR, Basis, FeeEstimate, LimitPeriod, Limits, Per
from people.money import FIGURE_MAX_MINOR, NotAnAmount, format_minor, parse_figure
from people.operations.attach_file import BYTES_MAX
from people.queries import organisation

# Where the operation's words for a field differ from the form's.
FIELD_OF = {"rate_num": "percent", "each_minor": "each", "fee_estimate": "fee_percent"}


class PercentField(forms.DecimalField):
    """A percentage as people write it, in hundredths of a percent: more would be cut off, so it is refused."""

    def __init__(self, **kwargs: Any) -> None:
        words = {
            "invalid": "Write the share in figures, such as 20 or 12.5.",
            "min_value": "It cannot be less than 0%%.",
            "max_value": "It is at most 100%%.",
            "max_decimal_places": "Use at most two decimals.",
        }
        super().__init__(
            min_value=Decimal(0),
            max_value=Decimal(100),
            decimal_places=2,
            required=False,
            widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            error_messages=words,
            **kwargs,
        )


class AmountField(forms.CharField):
    """An amount of the organisation's currency above zero, as minor units; 0 when it is left empty.

    It is a figure of a contract, so no limit of one card payment holds it back.
    """

    def __init__(self, *, max_minor: int = FIGURE_MAX_MINOR, **kwargs: Any) -> None:
        self.max_minor = max_minor
        widget = forms.TextInput(attrs={"inputmode": "decimal"})
        super().__init__(max_length=24, required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> int:
        typed = super().clean(value)
        if not typed:
            return 0
        currency = organisation().currency
        try:
            minor = parse_figure(typed.removeprefix("$").strip(), currency)
        except NotAnAmount as error:
            raise forms.ValidationError(str(error)) from error
        if minor == 0:
            raise forms.ValidationError("Write more than zero, or leave it empty.")
        if minor > self.max_minor:
            raise forms.ValidationError(f"It is at most {format_minor(self.max_minor, currency)}.")
        return minor


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
    fee_fixed = AmountField(label="And its fixed part", help_text="Such as 0.30.", max_minor=FEE_FIXED_MAX_MINOR)
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


class TermsForm(forms.ModelForm[AgreementTerms]):
    """What the signed contract says beside share and days."""

    accounting_on = DayField(
        label="Day of the final accounting per piece", required=False, help_text="After the last day of the agreement."
    )

    class Meta:
        model = AgreementTerms
        fields = TERMS
        widgets: ClassVar = {
            "name_use": forms.Textarea(attrs={"rows": 2}),
            "statute": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts: ClassVar = {
            "area": "Such as: the United States, on our website.",
            "name_use": "Such as: in writing on product pages, without a logo.",
            "estimated_units": "A fair guess for the whole time.",
            "paid_when": "Such as: within 30 days of the end of each month.",
            "paid_how": "Such as: by bank transfer.",
            "statute": "Word for word, where a state wants one in the contract.",
            "first_signer": "Their office, such as Executive Director; the name stands on the signed document.",
            "second_signer": "Another officer, such as Treasurer.",
        }

    def contract(self) -> Contract:
        """What was typed, as `write_terms` takes it."""
        return Contract(**self.cleaned_data)


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
