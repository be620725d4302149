"""What a visitor types into the shop, and the words for what cannot be right."""

from __future__ import annotations

from django import forms

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
