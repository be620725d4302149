"""The organisation, its staff and its mail in the record console; superusers only, unless a role says otherwise."""

from __future__ import annotations

from typing import Any

from allauth.account import admin as account_records
from allauth.account.models import EmailAddress
from allauth.mfa import admin as second_factor_records
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.auth import admin as group_records
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from people import clock
from people.console import NeverDeleted, ReadOnly
from people.models import Mail, Organisation, User
from people.operations.change_sign_in import change_address, remove_second_factor
from people.operations.remove_role import remove_all_roles

# Imported so that they are registered by now: roles are config/roles.py, an address is changed by nobody, and a
# second factor's secret is shown to nobody.
assert account_records and group_records and second_factor_records
admin.site.unregister([Authenticator, EmailAddress, Group])


@admin.register(Organisation)
class OrganisationAdmin(NeverDeleted, admin.ModelAdmin[Organisation]):
    """There is one: changed here, never added or deleted."""

    list_display = ("display_name", "legal_name", "ein", "zone_name", "deductibility")
    readonly_fields = ("books_begin_on",)  # `manage.py begin_books` sets it, once

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class UserForm(forms.ModelForm[User]):
    """Somebody's name and address. Nobody has a password, and roles take two persons (the desk, "Roles")."""

    class Meta:
        model = User
        fields = ("email", "name", "is_staff", "is_active")
        labels = {"email": "E-mail"}

    def clean_email(self) -> str:
        """The address as signing in looks it up; another spelling of a known one is refused here."""
        email = str(self.cleaned_data["email"]).strip().lower()
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Somebody has this address already.")
        return email


@admin.register(User)
class UserAdmin(NeverDeleted, admin.ModelAdmin[User]):
    """Staff and donors who can sign in: switched off here, never deleted, because what they did names them."""

    form = UserForm
    fields = ("email", "name", "is_staff", "is_active", "is_superuser", "roles")
    readonly_fields = ("is_superuser", "roles")
    list_display = ("email", "name", "is_staff", "is_active", "joined_at")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("email", "name")

    @admin.display(description="roles, given and taken on the desk")
    def roles(self, user: User) -> str:
        return ", ".join(user.groups.order_by("name").values_list("name", flat=True)) if user.pk else ""

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """An address moves the sign-in and is told to the old one; who is switched off loses every role at once."""
        by, now = request.user, clock.now()
        assert isinstance(by, User)
        if not change:
            obj.set_unusable_password()
        wanted, before = obj.email, form.initial.get("email", obj.email)
        obj.email = before if change else wanted
        super().save_model(request, obj, form, change)
        if change and wanted != before:
            change_address(user=obj, email=wanted, by=by, now=now)
        if change and not (obj.is_active and obj.is_staff):
            remove_all_roles(user=obj, by=by, now=now)


@admin.register(Mail)
class MailAdmin(ReadOnly, admin.ModelAdmin[Mail]):
    """What was sent to whom and what became of it; the words themselves stay out of sight."""

    list_display = ("to", "subject", "state", "attempts", "created_at", "sent_at", "last_error")
    list_filter = ("state",)
    search_fields = ("to", "key")
    exclude = ("text", "html")
    show_full_result_count = False


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnly, admin.ModelAdmin[Authenticator]):
    """Who has a second factor. A superuser removes one for somebody who lost it; that is all."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    exclude = ("data",)

    def has_delete_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return bool(request.user.is_superuser)

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        assert isinstance(request.user, User)
        remove_second_factor(user=obj.user, by=request.user, now=clock.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        for authenticator in queryset.distinct("user"):
            self.delete_model(request, authenticator)
