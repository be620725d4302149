"""Pages of reports."""

from __future__ import annotations

from django.urls import path, register_converter

from reports import views


class Sha256:
    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Sha256, "sha256")

app_name = "reports"
urlpatterns = [
    path("partners/<slug:slug>/statements/", views.statements, name="statements"),
    path("documents/<sha256:sha256>.pdf", views.document, name="document"),
    path("verify/", views.verify, name="verify"),
    path("desk/statements/", views.desk_statements, name="desk_statements"),
    path("desk/statements/request/", views.desk_request, name="desk_request"),
    path("desk/statements/<int:document_id>/publish/", views.desk_publish, name="desk_publish"),
]
