"""The API's doors to partners, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from partners.api import PartnerTotals

urlpatterns = [path("partners/<slug:slug>/totals", PartnerTotals.as_view(), name="api_partner_totals")]
