"""What a partner was promised and paid, for machines."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from partners.models import Partner
from partners.queries import totals
from people.queries import month_bounds, organisation


class DesignTotalSerializer(serializers.Serializer[Any]):
    """What one design or fund brought under one rate."""

    design = serializers.CharField()
    percent = serializers.CharField(source="rate_text", help_text='Such as "20%".')
    units = serializers.IntegerField(help_text="Pieces sold, or gifts.")
    basis_minor = serializers.IntegerField()
    amount_minor = serializers.IntegerField()


class TotalsSerializer(serializers.Serializer[Any]):
    """A partner's account over a month or to date: opening + accrued - taken back - paid + other = closing."""

    partner = serializers.CharField()
    month = serializers.CharField(allow_null=True)
    currency = serializers.CharField()
    opening_minor = serializers.IntegerField()
    goods = DesignTotalSerializer(many=True)
    gifts = DesignTotalSerializer(many=True)
    accrued_minor = serializers.IntegerField()
    taken_back_minor = serializers.IntegerField(
        help_text="Of shares of this or earlier months, by refunds and disputes."
    )
    paid_minor = serializers.IntegerField()
    other_minor = serializers.IntegerField()
    closing_minor = serializers.IntegerField()


class PartnerTotals(APIView):
    """Public totals of one partner."""

    @extend_schema(
        operation_id="partner_totals",
        summary="What a partner was promised, was paid and is owed",
        description="Amounts are in minor units (cents). Without a month: everything so far.",
        parameters=[
            OpenApiParameter(
                "month",
                str,
                description="A calendar month of the organisation's zone, such as 2026-10.",
                pattern=r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$",
            )
        ],
        responses=TotalsSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        partner = get_object_or_404(Partner, slug=slug)
        month = request.query_params.get("month")
        first_day, last_day = _bounds(month) if month is not None else (None, None)
        figures = totals(partner, first_day, last_day, organisation().currency)
        fields = {name: getattr(figures, name) for name in figures.__slots__}
        return Response(TotalsSerializer({"partner": partner.slug, "month": month, **fields}).data)


def _bounds(month: str) -> Any:
    try:
        return month_bounds(month)
    except ValueError as error:
        raise serializers.ValidationError({"month": ["Write the month as year and month, such as 2026-10."]}) from error
