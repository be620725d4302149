"""What a visitor types into the shop and staff about an order, and the words for what cannot be right."""

from __future__ import annotations

from typing import Any

from django import forms

from people.money import NotAnAmount, parse_amount
from shop.models import Order, OrderEvent, OrderRefund
from shop.refunding import SHIPPING

QUANTITY_DIGITS_MAX = 6


class QuantityField(forms.CharField):
    """A whole number of pieces. A CharField, so that the page can show again exactly what was typed."""

    def clean(self, value: object) -> int:
        typed = str(super().clean(value)).strip()
        digits = typed.removeprefix("-").removeprefix("−")
        if not digits.isascii() or not digits.isdigit():
            raise forms.ValidationError("Write a whole number, such as 2.", code="not_a_number")
        figures = digits.lstrip("0")
        if digits != typed or not figures:
            raise forms.ValidationError("Enter 1 or more.", code="below_one")
        if len(figures) > QUANTITY_DIGITS_MAX:
            raise forms.ValidationError("That is more than we will ever have.", code="too_many")
        return int(figures)


class PieceForm(forms.Form):
    """A SKU and how many of it: adding to the cart, and changing a line."""

    sku = forms.CharField(max_length=40)
    quantity = QuantityField(label="Quantity", error_messages={"required": "Enter how many, such as 1."})


class SkuForm(forms.Form):
    """A line of the cart."""

    sku = forms.CharField(max_length=40)


class RefundForm(forms.Form):
    """How much of an order goes back, of what, and why; who reads it decides whether that much is left."""

    amount = forms.CharField(
        label="How much", max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    part = forms.ChoiceField(
        label="Of what", required=False, help_text="Spread: over goods, shipping and tax by what is left of each."
    )
    because = forms.ChoiceField(
        label="Why",
        choices=[choice for choice in OrderRefund.Because.choices if choice[0] != OrderRefund.Because.AT_STRIPE],
    )
    charge = forms.ChoiceField(label="Of which payment", required=False)
    form_key = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order
        lines = [(f"line:{line.pk}", line.title) for line in order.lines.all()]
        shipping = [(SHIPPING, "Shipping")] if order.shipping_minor else []
        second = order.events.filter(kind=OrderEvent.Kind.SECOND_CHARGE).values_list("detail", flat=True)
        self.second_charges = [ref for ref in second if ref]
        _choices(self, "part", [("", "Spread over everything"), *lines, *shipping])
        _choices(
            self, "charge", [("", "The order's own"), *((ref, f"The second one, {ref}") for ref in self.second_charges)]
        )
        if not self.second_charges:
            self.fields["charge"].widget = forms.HiddenInput()

    def clean_amount(self) -> int:
        try:
            return parse_amount(self.cleaned_data["amount"], self.order.currency)
        except NotAnAmount as error:
            raise forms.ValidationError(str(error), code="not_an_amount") from error


def _choices(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
