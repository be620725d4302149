"""People, the organisation they deal with, and the rows everybody needs: approvals, mail, wake-ups."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower


class UserManager(BaseUserManager["User"]):
    """Makes users who have no password: everybody signs in by a code sent to their address."""

    def create_user(self, email: str, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, **fields: Any) -> User:
        fields.pop("password", None)
        return self.create_user(email, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in. The e-mail address is the login; there is no usable password."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email


class Supporter(models.Model):
    """A buyer or donor as the books know them; what a visitor types elsewhere never edits this row."""

    email = models.EmailField()
    name = models.CharField(max_length=200, blank=True)
    address = models.JSONField(default=dict, blank=True)
    user = models.OneToOneField(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="supporter")
    consents = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="supporter_email_once")]

    def __str__(self) -> str:
        return self.name or self.email


class Organisation(models.Model):
    """The one organisation of this deployment (DESIGN.md section 1.12)."""

    class Deductibility(models.TextChoices):
        DEDUCTIBLE_170C = "deductible_170c", "Gifts are tax-deductible (IRC 170(c))"
        NOT_DEDUCTIBLE = "not_deductible", "Gifts are not tax-deductible"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    display_name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=200, blank=True)
    ein = models.CharField(max_length=20, blank=True)
    zone_name = models.CharField(max_length=64, default="America/Chicago")
    currency = models.CharField(max_length=3, default="usd")
    fiscal_year_starts = models.CharField(max_length=5, default="01-01", help_text="Month and day, such as 07-01.")
    deductibility = models.CharField(max_length=20, choices=Deductibility.choices, default=Deductibility.NOT_DEDUCTIBLE)
    contact_email = models.EmailField(blank=True)
    books_begin_on = models.DateField(
        null=True,
        blank=True,
        help_text="The first day that the books tell of; what Stripe booked before it is in the opening balances.",
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="organisation_only_one")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone_name)


class Approval(models.Model):
    """A second person's word on the exact content of something; void when the content's hash changes.

    Once decided it stays as it is (migration 0003); only the reason may be emptied.
    """

    class Decision(models.TextChoices):
        WAITING = "waiting"
        APPROVED = "approved"
        REFUSED = "refused"
        VOID = "void"

    subject = models.CharField(max_length=80, help_text="Such as payout_batch:7.")
    subject_hash = models.CharField(max_length=64)
    reason = models.TextField(blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="approvals_requested")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="approvals_decided"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=8, choices=Decision.choices, default=Decision.WAITING)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="approval_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(decision="waiting", decided_by__isnull=True, decided_at__isnull=True)
                | Q(decision="void", decided_by__isnull=True, decided_at__isnull=False)
                | Q(decision__in=["approved", "refused"], decided_by__isnull=False, decided_at__isnull=False),
                name="approval_decided_by_somebody",
            ),
            models.UniqueConstraint(fields=["subject"], condition=Q(decision="waiting"), name="approval_one_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.decision}"


class RoleGrant(models.Model):
    """Somebody asked that a person gets a role, another agreed, and later one of them may have taken it away.

    A group without such a row is refused, and what was granted stays as it was (migration 0004). Beside two persons
    only the owner of the database gives a role, by `manage.py appoint`.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=40)
    requested_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: appointed by command.",
    )
    requested_at = models.DateTimeField()
    granted_at = models.DateTimeField(null=True, blank=True)
    counts_from = models.DateTimeField(null=True, blank=True, help_text="Approvals count from here on.")
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Taken away, refused, or withdrawn.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"], condition=Q(ended_at__isnull=True), name="role_grant_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(granted_at__isnull=True, counts_from__isnull=True) | Q(counts_from__gte=F("granted_at")),
                name="role_grant_counts_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"

    @property
    def approval_subject(self) -> str:
        return f"role_grant:{self.pk}"

    @property
    def content_hash(self) -> str:
        """What the second person signs: this role for this person."""
        return sha256(f"{self.approval_subject} {self.user_id} {self.role}".encode()).hexdigest()


class Attachment(models.Model):
    """A file that belongs to something, such as the invoice behind a manual entry; kept here so that it can be erased.

    Its bytes lie in the database: they come in the transaction of what they belong to, and stay (migration 0003). To
    erase it is to empty its name and bytes; their hash is what was signed.
    """

    subject = models.CharField(max_length=80, help_text="Such as manual_entry:7.")
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=100)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="attachments")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "sha256"], name="attachment_once"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="attachment_sha256"),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.name}"


class Note(models.Model):
    """What somebody wrote about something, such as why an exception is settled; kept here so that it can be erased.

    It stays as it was written (migration 0006); only its words may be emptied.
    """

    subject = models.CharField(max_length=80, help_text="Such as exception:7.")
    words = models.CharField(max_length=1000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.subject


class Mail(models.Model):
    """One message to one address, sent once: the row is the work, the worker only its hands."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"

    key = models.CharField(max_length=200, unique=True, help_text="The fact it tells of, such as order:7:paid.")
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    secret = models.BooleanField(default=False, help_text="Holds a sign-in code: its words are cut once it is sent.")
    attachment_ref = models.CharField(max_length=200, blank=True)
    attachment_name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(help_text="Wall time.")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Wall time.")
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "mail"
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(state__in=["queued", "sending"]), name="mail_due")
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.state})"


class WakeUp(models.Model):
    """Whether a worker has been told that a kind of work waits: one message per burst, not one per row."""

    task = models.CharField(max_length=100, primary_key=True)
    pending_since = models.DateTimeField(null=True, help_text="Wall time; empty when nobody needs waking.")

    def __str__(self) -> str:
        return self.task
