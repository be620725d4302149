"""The desk's pages of Stripe: what it told us, what we asked of it, its account of our money, its payouts."""

from __future__ import annotations

from django.urls import path

from payments.desk_views import balance, calls, events, objects, payouts

app_name = "payments_desk"
urlpatterns = [
    path("", events.events, name="events"),
    path("events/<str:event_id>/", events.event, name="event"),
    path("events/<str:event_id>/try-again/", events.try_again, name="try_again"),
    path("calls/", calls.calls, name="calls"),
    path("calls/<int:call_id>/", calls.call, name="call"),
    path("balance/", balance.balance, name="balance"),
    path("balance/<str:bt_id>/", balance.balance_transaction, name="balance_transaction"),
    path("payouts/", payouts.payouts, name="payouts"),
    path("payouts/<str:payout_id>/", payouts.payout, name="payout"),
    path("find/", objects.find, name="find"),
    path("objects/<str:object_id>/", objects.stripe_object, name="object"),
]
