"""The organisation's bank as its statements tell it: accounts, files, and lines that never change."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from partners.bank.readers.recognise import NAMES


class BankAccount(models.Model):
    """One account of ours."""

    name = models.CharField(max_length=80, unique=True)
    last4 = models.CharField(
        max_length=4, blank=True, help_text="Files of another account are refused by these figures."
    )
    currency = models.CharField(max_length=3, default="usd")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.last4})" if self.last4 else self.name

    @property
    def ref(self) -> str:
        """The owner of its account in the books: "bank:1"."""
        return f"bank:{self.pk}"


class ColumnProfile(models.Model):
    """How a bank's CSV of this account is laid out. The first profile whose columns a file has reads it."""

    class Mark(models.TextChoices):
        POINT = ".", "1,250.50"
        COMMA = ",", "1.250,50"

    class Form(models.TextChoices):
        ISO = "%Y-%m-%d", "2026-10-31"
        US = "%m/%d/%Y", "10/31/2026"
        US_SHORT = "%m/%d/%y", "10/31/26"
        EUROPE = "%d/%m/%Y", "31/10/2026"
        POINTS = "%d.%m.%Y", "31.10.2026"
        POINTS_SHORT = "%d.%m.%y", "31.10.26"
        DASHES = "%d-%m-%Y", "31-10-2026"
        COMPACT = "%Y%m%d", "20261031"
        WORDS = "%d %b %Y", "31 Oct 2026"
        CERTAIN = "", "As the file shows without doubt"

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="profiles")
    name = models.CharField(max_length=60, help_text="Such as Online banking, or Monthly export.")
    date_column = models.CharField(max_length=60, default="Date")
    date_format = models.CharField(max_length=20, choices=Form.choices, default=Form.ISO, blank=True)
    value_date_column = models.CharField(max_length=60, blank=True)
    description_column = models.CharField(max_length=60, default="Description")
    more_description_column = models.CharField(max_length=60, blank=True, help_text="Such as the other party's name.")
    amount_column = models.CharField(
        max_length=60, blank=True, default="Amount", help_text="Empty with debit and credit."
    )
    debit_column = models.CharField(max_length=60, blank=True)
    credit_column = models.CharField(max_length=60, blank=True)
    is_flipped = models.BooleanField(
        "money out is above zero", default=False, help_text="As in exports of credit cards."
    )
    decimal_mark = models.CharField(max_length=1, choices=Mark.choices, default=Mark.POINT)
    bank_ref_column = models.CharField(max_length=60, blank=True, help_text="The bank's own id of each line.")
    reference_column = models.CharField(max_length=60, blank=True, help_text="Such as the number of a cheque.")
    balance_column = models.CharField(max_length=60, blank=True, help_text="The balance after each line.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="column_profile_once"),
            models.CheckConstraint(
                condition=(~Q(amount_column="") & Q(debit_column="", credit_column=""))
                | (Q(amount_column="") & ~Q(debit_column="") & ~Q(credit_column="")),
                name="column_profile_one_amount_or_two",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StatementFile(models.Model):
    """A file as it was uploaded, with its verdicts, until it is taken in or dropped. Work with a state (DESIGN.md 1.8).

    `lease_until` is wall time: whoever works on it renews it, and after it anybody may begin that step again.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", "Waiting to be checked"
        CHECKED = "checked", "Checked, nothing imported yet"
        UNREADABLE = "unreadable", "Cannot be read"
        WANTED = "wanted", "Being imported"
        MATCHING = "matching", "Imported, being matched"
        IMPORTED = "imported", "Imported"
        DROPPED = "dropped", "Dropped"

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="files")
    file_name = models.CharField(max_length=120)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    chosen_format = models.CharField(max_length=8, blank=True, choices=list(NAMES.items()))
    first_on = models.DateField(null=True, blank=True, help_text="The period, where a person said it.")
    last_on = models.DateField(null=True, blank=True)
    opening_minor = models.BigIntegerField(null=True, blank=True, help_text="The balances, where a person said them.")
    closing_minor = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    problem = models.CharField(max_length=400, blank=True, help_text="Why it cannot be read or imported.")
    reading = models.JSONField(default=dict, help_text="What the file says of itself: format, period, balances.")
    rows = models.IntegerField(default=0)
    rows_done = models.IntegerField(default=0, help_text="Of the step at hand.")
    new_rows = models.IntegerField(default=0)
    known_rows = models.IntegerField(default=0)
    doubtful_rows = models.IntegerField(default=0, help_text="New, but like a line that is there: duplicates perhaps.")
    refused_rows = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.IntegerField(default=0)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True, help_text="When it was accepted or dropped.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["uploaded", "wanted", "matching"]),
                name="statement_file_to_be_worked",
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def imported_rows(self) -> int:
        """How many lines an import brings, or brought."""
        return self.new_rows + self.doubtful_rows

    @property
    def format_name(self) -> str:
        return NAMES.get(self.reading.get("format", ""), "")

    @property
    def period(self) -> tuple[date, date] | None:
        """Its first and last day; None for a file that was not read."""
        first, last = self.reading.get("first_on"), self.reading.get("last_on")
        return (date.fromisoformat(first), date.fromisoformat(last)) if first and last else None


class StatementRow(models.Model):
    """One row of an uploaded file with its verdict: kept while the file waits, gone when it is imported or dropped."""

    class Verdict(models.TextChoices):
        NEW = "new", "New"
        KNOWN = "known", "Known already"
        DOUBTFUL = "doubtful", "New, perhaps a duplicate"
        REFUSED = "refused", "Cannot be read"

    file = models.ForeignKey(StatementFile, on_delete=models.CASCADE, related_name="verdicts", db_index=False)
    number = models.IntegerField(help_text="Where it stands in the file.")
    booked_on = models.DateField(null=True)
    value_on = models.DateField(null=True)
    description = models.CharField(max_length=300)
    amount_minor = models.BigIntegerField(null=True)
    bank_ref = models.CharField(max_length=255, blank=True)
    reference = models.CharField(max_length=80, blank=True)
    dedupe_key = models.CharField(max_length=64, blank=True)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["file", "id"], name="statement_row_of_file")]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="refused") | Q(booked_on__isnull=False, amount_minor__isnull=False),
                name="statement_row_has_its_figures",
            )
        ]

    def __str__(self) -> str:
        return f"{self.file_id}.{self.number}: {self.verdict}"


class BankStatement(models.Model):
    """One imported file: taken whole or not at all, and once."""

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="statements")
    file = models.OneToOneField(
        StatementFile, null=True, blank=True, on_delete=models.PROTECT, related_name="statement"
    )
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=8, choices=list(NAMES.items()), default="csv")
    file_name = models.CharField(max_length=120)
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    imported_at = models.DateTimeField()
    first_on = models.DateField()
    last_on = models.DateField()
    says_period = models.BooleanField(default=False, help_text="Otherwise its days are those of its lines.")
    opening_minor = models.BigIntegerField(null=True, blank=True)
    closing_minor = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-last_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "sha256"], name="bank_statement_once"),
            models.CheckConstraint(condition=Q(first_on__lte=F("last_on")), name="bank_statement_begins_first"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def ref(self) -> str:
        """What its exceptions name it by."""
        return f"bank:statement:{self.pk}"


class BankLine(models.Model):
    """One line of a bank statement, never changed (migration 0006); identical lines are separate occurrences."""

    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="lines")
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="lines")
    ordinal = models.PositiveIntegerField()
    booked_on = models.DateField()
    value_on = models.DateField(null=True, blank=True)
    description = models.CharField(max_length=300)
    amount_minor = models.BigIntegerField(help_text="Negative when money left the account.")
    currency = models.CharField(max_length=3)
    bank_ref = models.CharField(max_length=255, blank=True, help_text="The bank's own id of the line.")
    reference = models.CharField(max_length=80, blank=True, help_text="Such as the number of a cheque.")
    dedupe_key = models.CharField(max_length=64)

    class Meta:
        ordering = ["-booked_on", "-id"]
        indexes = [models.Index(fields=["account", "booked_on"], name="bank_line_by_day")]
        constraints = [
            models.UniqueConstraint(fields=["account", "dedupe_key"], name="bank_line_once"),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="bank_line_moves_money"),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.description}"

    @property
    def ref(self) -> str:
        """What entries and exceptions name it by: "bank:line:7"."""
        return f"bank:line:{self.pk}"
