"""The desk's pages for closing months."""

from __future__ import annotations

from django.urls import path

from ledger import month_views as views

app_name = "months"
urlpatterns = [
    path("", views.months, name="months"),
    path("<int:yyyymm>/", views.month, name="month"),
    path("<int:yyyymm>/checks/<int:number>/", views.check, name="check"),
    path("<int:yyyymm>/check/", views.ask_checks, name="ask_checks"),
    path("<int:yyyymm>/trial-balance/", views.take_trial_balance, name="trial_balance"),
    path("<int:yyyymm>/soft-close/", views.close_softly, name="soft_close"),
    path("<int:yyyymm>/open/", views.open_again, name="open"),
    path("<int:yyyymm>/propose/", views.propose, name="propose"),
    path("<int:yyyymm>/approve/", views.approve_close, name="approve"),
    path("<int:yyyymm>/approve-reopening/", views.approve_reopening, name="approve_reopening"),
    path("<int:yyyymm>/refuse/", views.refuse, name="refuse"),
    path("<int:yyyymm>/finish/", views.finish, name="finish"),
    path("<int:yyyymm>/abort/", views.abort, name="abort"),
]
