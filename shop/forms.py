"""What a visitor types into the shop, and the words for what cannot be right."""

from __future__ import annotations

from django import forms

QUANTITY_DIGITS_MAX = 6


class QuantityField(forms.CharField):
    """A whole number of pieces. A CharField, so that the page can show again exactly what was typed."""

    def clean(self, value: object) -> int:
        typed = str(super().clean(value)).strip()
        number = typed.removeprefix("-").removeprefix("−")
        if not number.isascii() or not number.isdigit():
            raise forms.ValidationError("Write a whole number, such as 2.", code="not_a_number")
        if number != typed or int(number[: QUANTITY_DIGITS_MAX + 1]) == 0:
            raise forms.ValidationError("Enter 1 or more.", code="below_one")
        if len(number.lstrip("0")) > QUANTITY_DIGITS_MAX:
            raise forms.ValidationError("That is more than we will ever have.", code="too_many")
        return int(number)


class PieceForm(forms.Form):
    """A SKU and how many of it: adding to the cart, and changing a line."""

    sku = forms.CharField(max_length=40)
    quantity = QuantityField(label="Quantity", max_length=20, error_messages={"required": "Enter how many, such as 1."})


class SkuForm(forms.Form):
    """A line of the cart."""

    sku = forms.CharField(max_length=40)
