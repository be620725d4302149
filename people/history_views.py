"""The desk's history: every change, who made it, when and why, with filters."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from people import history
from people.access import role_required
from people.changes import fields_changed
from people.desk import READERS
from people.models import User
from people.paging import page_of
from people.sources import describe


class HistoryFilter(forms.Form):
    """What about, and by whom."""

    topic = forms.ChoiceField(label="About", required=False)
    who = forms.ModelChoiceField(
        User.objects.filter(is_staff=True).order_by("name", "email"),
        label="By",
        required=False,
        empty_label="Everybody",
    )

    def __init__(self, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        topic = self.fields["topic"]
        assert isinstance(topic, forms.ChoiceField)
        topic.choices = [("", "Everything"), *((name, name) for name in history.topics())]


@role_required(*READERS)
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """The latest first. A filter that names nothing known is said beside its field, and nothing is listed."""
    form = HistoryFilter(request.GET)
    who = form.cleaned_data.get("who") if form.is_valid() else None
    rows = history.changes(form.cleaned_data.get("topic", "") if form.is_valid() else "", who and who.pk)
    page = page_of(request, rows)
    people = User.objects.in_bulk({row["h_who"] for row in page if row["h_who"]})
    words = describe(row["h_subject"] for row in page)
    for row in page:
        if row["h_subject"].startswith("console:"):
            row["h_why"] = fields_changed(row["h_why"])
    listed = [] if form.errors else [(row, people.get(row["h_who"]), words[row["h_subject"]]) for row in page]
    context = {"form": form, "page": page, "rows": listed, "here": "history"}
    return render(request, "people/history.html", context, status=400 if form.errors else 200)
