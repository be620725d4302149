"""Documents in the record console: to read, never to edit."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from reports.models import Document


@admin.register(Document)
class DocumentAdmin(admin.ModelAdmin[Document]):
    list_display = ("kind", "subject", "period", "version", "state", "short_hash", "published_at")
    list_filter = ("kind", "state", "period")
    search_fields = ("subject", "sha256")
    date_hierarchy = "requested_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return False
