"""The desk's pages of the books: entries, and what does not add up."""

from __future__ import annotations

from django.urls import path

from ledger import desk_views

app_name = "ledger_desk"
urlpatterns = [
    path("entries/<int:entry_id>/", desk_views.entry, name="entry"),
    path("exceptions/", desk_views.exceptions, name="exceptions"),
    path("exceptions/<int:exception_id>/", desk_views.exception, name="exception"),
    path("exceptions/<int:exception_id>/assign/", desk_views.assign, name="assign"),
    path("exceptions/<int:exception_id>/settle/", desk_views.settle, name="settle"),
]
