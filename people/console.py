"""Django's admin for records, behind the second factor."""

from __future__ import annotations

from django.contrib.admin import AdminSite


class StaffConsole(AdminSite):
    site_header = site_title = "Staff console"
    index_title = "Records"
