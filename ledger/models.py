"""The books: accounts, entries of pair postings, the months they fall in, and the queue of what is not yet sealed.

Written by `ledger.operations` only. Entries and postings are append-only: migration 0002 holds the guards.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Account(models.Model):
    """One purpose of the chart for one owner in one currency; made when a posting first names it, never deleted."""

    class Restriction(models.TextChoices):
        WITHOUT = "without", "Without donor restrictions"
        PURPOSE = "purpose", "With donor restrictions: purpose"
        TIME = "time", "With donor restrictions: time"
        PERPETUAL = "perpetual", "With donor restrictions: perpetual"

    # Four bytes, not eight: a posting carries this number twice, and again in two indexes.
    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=8)
    purpose = models.CharField(max_length=40)
    owner = models.CharField(max_length=80, blank=True, help_text="Such as partner:7; empty for our own.")
    currency = models.CharField(max_length=3)
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=12)
    restriction = models.CharField(max_length=12, choices=Restriction.choices, default=Restriction.WITHOUT)
    functional_class = models.CharField(max_length=20, blank=True)
    is_open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "owner", "currency"], name="account_once"),
            models.UniqueConstraint(fields=["id", "currency"], name="account_in_one_currency"),
            models.CheckConstraint(
                condition=Q(type__in=["asset", "liability", "net_assets", "income", "expense"]),
                name="account_type_known",
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[a-z]{3}$"), name="account_currency_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code}/{self.owner}" if self.owner else self.code


class Entry(models.Model):
    """One business fact in the books. The database adds `created_xid`, the transaction that may write its postings."""

    # Four bytes hold two thousand million entries; eight in every posting would break its size limit (DESIGN.md 3).
    id = models.AutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    source = models.CharField(max_length=120, help_text="What it tells of, such as order:1042.")
    idempotency_key = models.CharField(max_length=200)
    facts_hash = models.BinaryField(help_text="Tells a replay from a conflict: what came from outside.")
    content_hash = models.BinaryField(help_text="Over all that is posted: ledger.hashing.content_hash.")
    effective_date = models.DateField()
    event_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), help_text="Wall time.")
    reverses = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by", db_index=False
    )
    actor = models.CharField(max_length=40, default="system", help_text="Such as user:3; never a name.")
    memo = models.CharField(max_length=40, blank=True, help_text="One fixed word; reasons lie in Approval.")

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key"], name="entry_key_once"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="entry_reversed_once"
            ),
        ]

    def __str__(self) -> str:
        return self.idempotency_key

    @property
    def words(self) -> str:
        """Its kind as a person says it."""
        return self.kind.replace("_", " ").capitalize()


class Posting(models.Model):
    """One amount from `credit` to `debit`: balanced by construction. Migration 0001 lays out its table by hand."""

    pk = models.CompositePrimaryKey("entry_id", "ordinal")
    # The database checks these by statement, not row by row (docs/decisions/0018).
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="postings", db_index=False, db_constraint=False
    )
    ordinal = models.SmallIntegerField()
    debit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_column="debit", db_index=False, db_constraint=False
    )
    credit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_column="credit", db_index=False, db_constraint=False
    )
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    effective_date = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["entry"], name="posting_entry"),
            # Without the amount, so that a day's equal keys are kept once (docs/decisions/0018).
            models.Index(fields=["debit", "effective_date"], name="posting_debit"),
            models.Index(fields=["credit", "effective_date"], name="posting_credit"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="posting_amount_above_zero"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="posting_two_accounts"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}.{self.ordinal}"


class Unsealed(models.Model):
    """An entry that waits for its sequence number; filled by a trigger, emptied by the sealer."""

    entry = models.OneToOneField(Entry, primary_key=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "unsealed"

    def __str__(self) -> str:
        return str(self.entry_id)


class Seal(models.Model):
    """An entry's place in the sequence, and the hash that chains it to the one before (rules/sealing.md "Sealer")."""

    seq = models.IntegerField(primary_key=True, help_text="From 1, without a gap.")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="seal")
    prev_hash = models.BinaryField(unique=True)
    hash = models.BinaryField(unique=True, help_text="SHA-256 of 02, prev_hash and canonical: ledger.chain.link.")
    canonical = models.BinaryField(help_text="The bytes that were sealed: ledger.hashing.canonical.")

    def __str__(self) -> str:
        return str(self.seq)


class Period(models.Model):
    """A calendar month of the organisation's zone. Posting into a month without a row is refused."""

    class State(models.TextChoices):
        OPEN = "open"
        SOFT_CLOSED = "soft_closed", "Soft closed: finance only"
        CLOSING = "closing"
        CLOSED = "closed"

    yyyymm = models.IntegerField(primary_key=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(yyyymm__gte=190001, yyyymm__lte=999912), name="period_year_and_month"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "soft_closed", "closing", "closed"]), name="period_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.yyyymm // 100}-{self.yyyymm % 100:02}"


class ManualEntry(models.Model):
    """An entry that people write: proposed by one, posted by another's approval of exactly this content.

    The reason in words and who decided lie in people's Approval, its documents in Attachment, both under `ref`.
    """

    reason = models.CharField(max_length=20, help_text="A fixed word: ledger.builders.by_hand.REASONS.")
    effective_on = models.DateField()
    currency = models.CharField(max_length=3)
    postings = models.JSONField(help_text="[[debit purpose, owner, credit purpose, owner, amount_minor], ...]")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    entry = models.OneToOneField(Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "manual entries"

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """What its entry's key, its approvals and its attachments name it by."""
        return f"manual:{self.pk}"


class ManualEntryEdit(models.Model):
    """Somebody wrote a version of a manual entry, the first or a later one; they never decide on it. Append-only."""

    manual_entry = models.ForeignKey(ManualEntry, on_delete=models.PROTECT, related_name="edits")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.manual_entry_id}: {self.by_id}"


class Opening(models.Model):
    """The balances with which the books begin: proposed by one, posted by another's approval of exactly these.

    `stands` is true while they wait or are in the books and empty once refused or taken back: so there is one at a
    time. Why, and who decided, lie in people's Approval, the file they were read from in Attachment, both under `ref`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for approval"
        POSTED = "posted", "In the books"
        REFUSED = "refused", "Refused"
        REVERSED = "reversed", "Taken back"

    effective_on = models.DateField(help_text="The day before the books begin.")
    event_at = models.DateTimeField(help_text="The last second of that day.")
    balances = models.JSONField(help_text="[[purpose, owner, currency, debit-positive amount_minor], ...]")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    stands = models.BooleanField(null=True, default=True, unique=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "posted"], stands=True)
                | Q(state__in=["refused", "reversed"], stands__isnull=True),
                name="opening_stands_while_it_counts",
            )
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """What its entries' keys, its approval and its file name it by."""
        return f"opening:{self.pk}"

    @property
    def reversal_ref(self) -> str:
        """What the approval of taking it back names it by."""
        return f"opening:{self.pk}:reversal"


class LedgerExport(models.Model):
    """A range of the sequence, (from_seq, to_seq], that was written for an accounting program; once, for ever.

    Each goes on where the `previous` one of its format and currency ended: the database refuses a gap or an overlap.
    """

    format = models.CharField(max_length=12)
    currency = models.CharField(max_length=3)
    daily = models.BooleanField(help_text="One journal for each day instead of one for each entry.")
    tax_rate = models.CharField(max_length=60, blank=True)
    previous = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="next")
    from_seq = models.IntegerField()
    to_seq = models.IntegerField()
    entries = models.IntegerField()
    sha256 = models.CharField(max_length=64, help_text="Over the bytes of its files, one after the other.")
    actor = models.CharField(max_length=40, default="system", help_text="Such as user:3; never a name.")
    exported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["format", "currency"], condition=Q(previous__isnull=True), name="ledgerexport_one_first"
            ),
            models.CheckConstraint(condition=Q(from_seq__gte=0, to_seq__gt=F("from_seq")), name="ledgerexport_range"),
            models.CheckConstraint(condition=Q(entries__gt=0), name="ledgerexport_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.format} {self.currency} {self.from_seq + 1}-{self.to_seq}"


class Proof(models.Model):
    """The published root over all shares of a partner in a closed month (rules/ledger.md section 9)."""

    partner = models.CharField(max_length=80, help_text="The owner of its accounts, such as partner:7.")
    yyyymm = models.IntegerField()
    currency = models.CharField(max_length=3)
    through_seq = models.IntegerField(help_text="The last sequence number that the shares were read at.")
    total_minor = models.BigIntegerField()
    root = models.BinaryField()
    leaf_count = models.IntegerField(help_text="Padding included.")
    taken_back_minor = models.BigIntegerField(help_text="Of shares of earlier months, in no leaf.")
    paid_minor = models.BigIntegerField(help_text="What reached the partner in this month.")
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "yyyymm", "currency"], name="proof_published_once"),
            models.CheckConstraint(condition=Q(total_minor__gte=0, taken_back_minor__gte=0), name="proof_sums"),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.yyyymm} {self.currency}"


class ProofLeaf(models.Model):
    """One share below a proof's root, where the shuffle put it; an empty receipt is padding."""

    proof = models.ForeignKey(Proof, on_delete=models.PROTECT, related_name="leaves", db_index=False)
    idx = models.IntegerField()
    salt = models.BinaryField()
    amount_minor = models.BigIntegerField()
    receipt = models.CharField(max_length=120, blank=True, help_text="What the share comes from, such as gift:7.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proof", "idx"], name="proofleaf_place_once"),
            models.UniqueConstraint(
                fields=["proof", "receipt"], condition=~Q(receipt=""), name="proofleaf_receipt_once"
            ),
            models.CheckConstraint(condition=Q(idx__gte=0, amount_minor__gte=0), name="proofleaf_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.proof_id}.{self.idx}"


class PeriodEvent(models.Model):
    """What became of a month, and by whom; a `closed` one has its place in the chain. Append-only."""

    class Kind(models.TextChoices):
        SOFT_CLOSED = "soft_closed", "Softly closed"
        OPENED = "opened"
        CLOSING = "closing"
        CLOSED = "closed"
        REOPENED = "reopened"

    id = models.AutoField(primary_key=True)
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey("people.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approval = models.ForeignKey("people.Approval", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    through_seq = models.IntegerField(null=True, blank=True, help_text="All that the month holds is sealed up to here.")
    closing_hash = models.BinaryField(null=True, blank=True, help_text="Of the seal at through_seq; zeros before any.")
    at = models.DateTimeField(help_text="Business time.")
    recorded_at = models.DateTimeField(db_default=Now(), help_text="Wall time.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(approved_by=F("by")), name="periodevent_by_a_second_person"),
            models.CheckConstraint(
                condition=Q(kind__in=["soft_closed", "opened"])
                | Q(kind__in=["closing", "closed", "reopened"], approved_by__isnull=False, approval__isnull=False),
                name="periodevent_approved",
            ),
            models.CheckConstraint(
                condition=Q(kind="closed", through_seq__gte=0, closing_hash__isnull=False)
                | (~Q(kind="closed") & Q(through_seq__isnull=True, closing_hash__isnull=True)),
                name="periodevent_closed_at_a_seal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period_id}: {self.kind}"


class MonthWork(models.Model):
    """What a worker does for a month because it takes long: all its checks, or its closing. The row is the work."""

    class Kind(models.TextChoices):
        CHECK = "check", "Checked"
        CLOSE = "close", "Closed"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="work")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(help_text="Business time.")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Wall time.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Business time.")
    found = models.JSONField(null=True, blank=True, help_text="Of each check: name, count and the first findings.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why it stopped, in one sentence.")

    class Meta:
        verbose_name_plural = "month work"
        constraints = [
            models.UniqueConstraint(
                fields=["period"], condition=Q(state__in=["waiting", "running"]), name="monthwork_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "stopped"], finished_at__isnull=False),
                name="monthwork_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period_id}: {self.kind} ({self.state})"


class TrialBalanceExport(models.Model):
    """The trial balance of a month's end was written as CSV; it is still the same while the bytes made anew are."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="trial_balances")
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.period_id}: {self.sha256[:12]}"


class BalanceSnapshot(models.Model):
    """All that an account ever moved, up to the end of a closed month. Append-only."""

    pk = models.CompositePrimaryKey("event_id", "account_id")
    event = models.ForeignKey(PeriodEvent, on_delete=models.PROTECT, related_name="snapshots", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    debits_minor = models.BigIntegerField()
    credits_minor = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.event_id}.{self.account_id}"


class Anchor(models.Model):
    """The head of the chain as it was told to somebody outside on a day. Append-only."""

    anchored_on = models.DateField(primary_key=True, help_text="The organisation's day.")
    seq = models.IntegerField()
    hash = models.BinaryField()
    recorded_at = models.DateTimeField(db_default=Now(), help_text="Wall time.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(seq__gte=1), name="anchor_of_a_seal")]

    def __str__(self) -> str:
        return f"{self.anchored_on}: {self.seq}"


class ReconciliationException(models.Model):
    """Something that does not add up: open until its cause is gone or a person has settled it.

    At most one is open for each kind and subject. `detail` holds ids and fixed words only.
    """

    class Resolution(models.TextChoices):
        GONE = "gone", "The cause is gone"
        EXPLAINED = "explained", "Explained, nothing to post"
        CORRECTED = "corrected", "Corrected by an entry"
        WRITTEN_OFF = "written_off", "Written off by an entry"

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, help_text="What it is about, such as stripe:bt:txn_1.")
    currency = models.CharField(max_length=3, blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Older than this it is overdue.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolution = models.CharField(max_length=12, choices=Resolution.choices, blank=True)
    resolution_entry = models.ForeignKey(Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(resolved_at__isnull=True), name="exception_due"),
            models.Index(fields=["kind", "subject"], name="exception_subject"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(resolved_at__isnull=True), name="exception_open_once"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolution="", resolution_entry=None, resolved_by=None)
                | (Q(resolved_at__isnull=False) & ~Q(resolution="")),
                name="exception_says_how_it_ended",
            ),
            models.CheckConstraint(
                condition=Q(resolution__in=["", "gone"]) | Q(resolved_by__isnull=False),
                name="exception_settled_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(resolution__in=["corrected", "written_off"]) | Q(resolution_entry__isnull=False),
                name="exception_corrected_by_an_entry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def words(self) -> str:
        """Its kind as a person says it."""
        return self.kind.replace("_", " ").capitalize()


class ExceptionEvent(models.Model):
    """What somebody did about an exception. Append-only; the words of a reason lie in people's Note."""

    class Kind(models.TextChoices):
        ASSIGNED = "assigned"
        LET_GO = "let_go", "Let go"
        RESOLVED = "resolved"

    exception = models.ForeignKey(ReconciliationException, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.OneToOneField("people.Note", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="assigned", owner__isnull=False)
                | Q(kind="let_go", owner__isnull=True)
                | Q(kind="resolved", owner__isnull=True, note__isnull=False),
                name="exceptionevent_says_enough",
            )
        ]

    def __str__(self) -> str:
        return f"{self.exception_id}: {self.kind}"


class BooksRun(models.Model):
    """What the books' own checks found on a day; once a day, each night by beat. Append-only."""

    checked_on = models.DateField(primary_key=True, help_text="The organisation's day.")
    checks = models.IntegerField()
    failed = models.IntegerField()
    found = models.JSONField(help_text="The checks that failed: code, name, count and the first findings.")
    recorded_at = models.DateTimeField(db_default=Now(), help_text="Wall time.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(failed__gte=0, checks__gte=F("failed")), name="booksrun_sums")
        ]

    def __str__(self) -> str:
        return f"{self.checked_on}: {self.failed} of {self.checks} failed"
