"""The desk's pages of the books: entries, and what does not add up."""

from __future__ import annotations

from django.urls import path

from ledger import desk_views, hand_views

app_name = "ledger_desk"
urlpatterns = [
    path("entries/<int:entry_id>/", desk_views.entry, name="entry"),
    path("by-hand/", hand_views.entries, name="hand_entries"),
    path("by-hand/new/", hand_views.propose, name="hand_new"),
    path("by-hand/<int:manual_id>/", hand_views.entry, name="hand_entry"),
    path("by-hand/<int:manual_id>/edit/", hand_views.edit, name="hand_edit"),
    path("by-hand/<int:manual_id>/approve/", hand_views.approve, name="hand_approve"),
    path("by-hand/<int:manual_id>/refuse/", hand_views.refuse, name="hand_refuse"),
    path("by-hand/<int:manual_id>/documents/<int:attachment_id>/", hand_views.document, name="hand_document"),
    path("exceptions/", desk_views.exceptions, name="exceptions"),
    path("exceptions/<int:exception_id>/", desk_views.exception, name="exception"),
    path("exceptions/<int:exception_id>/assign/", desk_views.assign, name="assign"),
    path("exceptions/<int:exception_id>/settle/", desk_views.settle, name="settle"),
]
