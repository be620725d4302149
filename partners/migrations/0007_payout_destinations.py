"""Where partners are paid, what keeps payouts back, and each try to send one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0016_guards_by_index"),
        ("partners", "0006_past_shares"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PayoutAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "key",
                    models.CharField(help_text="Its idempotency key, such as payout:12:1.", max_length=60, unique=True),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("bank", "Bank transfer"),
                            ("connect", "Stripe transfer"),
                            ("ach", "ACH file"),
                            ("cheque", "Cheque"),
                            ("manual", "Another way"),
                        ],
                        max_length=8,
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("submitting", "Being sent"),
                            ("unknown", "Nobody knows yet whether it left"),
                            ("in_flight", "On its way"),
                            ("settled", "Arrived"),
                            ("failed", "Did not leave"),
                            ("voided", "Cheque voided"),
                            ("returned", "Came back"),
                        ],
                        default="submitting",
                        max_length=10,
                    ),
                ),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        help_text="Such as stripe:transfer:tr_1, ach:0910000190000001 or cheque:7:1001.",
                        max_length=120,
                    ),
                ),
                (
                    "failure_code",
                    models.CharField(blank=True, help_text="Such as R03, balance_insufficient, stale.", max_length=60),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["payout", "number"],
            },
        ),
        migrations.CreateModel(
            name="PayoutDestination",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("bank", "Bank transfer"),
                            ("connect", "Stripe transfer"),
                            ("ach", "ACH file"),
                            ("cheque", "Cheque"),
                            ("manual", "Another way"),
                        ],
                        max_length=8,
                    ),
                ),
                ("label", models.CharField(max_length=80)),
                ("stripe_account", models.CharField(blank=True, max_length=255)),
                (
                    "stripe_ready_at",
                    models.DateTimeField(blank=True, help_text="When Stripe last said it takes transfers.", null=True),
                ),
                ("sealed_numbers", models.TextField(blank=True, editable=False)),
                ("fingerprint", models.CharField(blank=True, editable=False, max_length=64)),
                (
                    "account_kind",
                    models.CharField(
                        blank=True, choices=[("checking", "Checking"), ("savings", "Savings")], max_length=8
                    ),
                ),
                ("payee", models.CharField(blank=True, max_length=80)),
                (
                    "address",
                    models.TextField(
                        blank=True, help_text="The organisation's office or box; never where anybody lives."
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waits for the call-back"),
                            ("active", "In use"),
                            ("retired", "Replaced"),
                            ("refused", "Not confirmed"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("content_hash", models.CharField(help_text="What the call-back signs.", max_length=64)),
                ("edited_at", models.DateTimeField()),
                ("activated_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="PayoutHold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("destination", "Its destination was changed and is not confirmed"),
                            ("returned", "A payment came back"),
                            ("notice", "The bank asks for other account details"),
                            ("manual", "Held by hand"),
                        ],
                        max_length=11,
                    ),
                ),
                (
                    "cause",
                    models.CharField(help_text="Such as payout_destination:7 or payout:12:returned:1.", max_length=80),
                ),
                ("placed_at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="partnerpayout",
            name="payout_settled_on_a_day",
        ),
        migrations.AddField(
            model_name="partner",
            name="remittance_email",
            field=models.EmailField(
                blank=True,
                help_text="Is told of each payout, and of each change of where the payouts go.",
                max_length=254,
            ),
        ),
        migrations.AddField(
            model_name="partnerpayout",
            name="returned_on",
            field=models.DateField(blank=True, help_text="The day on which the ledger counts it as back.", null=True),
        ),
        migrations.AddField(
            model_name="payoutbatch",
            name="revision",
            field=models.PositiveIntegerField(
                default=0, help_text="How often it was edited; no approval survives one."
            ),
        ),
        migrations.AddField(
            model_name="payoutpolicy",
            name="destination_wait_days",
            field=models.PositiveSmallIntegerField(
                default=1, help_text="Days between the call-back and the first payout to a changed destination."
            ),
        ),
        migrations.AlterField(
            model_name="partnerpayout",
            name="method",
            field=models.CharField(
                choices=[
                    ("bank", "Bank transfer"),
                    ("connect", "Stripe transfer"),
                    ("ach", "ACH file"),
                    ("cheque", "Cheque"),
                    ("manual", "Another way"),
                ],
                default="bank",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="partnerpayout",
            name="state",
            field=models.CharField(
                choices=[
                    ("proposed", "Proposed"),
                    ("submitting", "Being sent"),
                    ("unknown", "Nobody knows yet whether it left"),
                    ("in_flight", "On its way"),
                    ("settled", "Reached the partner's bank"),
                    ("failed", "Did not leave; owed again"),
                    ("returned", "Came back; owed again"),
                    ("released", "Taken out"),
                ],
                default="proposed",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="payoutattempt",
            name="back_entry",
            field=models.OneToOneField(
                help_text="Payable again.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.entry",
            ),
        ),
        migrations.AddField(
            model_name="payoutattempt",
            name="payout",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="attempts", to="partners.partnerpayout"
            ),
        ),
        migrations.AddField(
            model_name="payoutattempt",
            name="sent_entry",
            field=models.OneToOneField(
                help_text="Phase 1: out of payable, in flight.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.entry",
            ),
        ),
        migrations.AddField(
            model_name="payoutattempt",
            name="settled_entry",
            field=models.OneToOneField(
                help_text="Phase 2: it left our money.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.entry",
            ),
        ),
        migrations.AddField(
            model_name="payoutattempt",
            name="started_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="payoutdestination",
            name="edited_by",
            field=models.ForeignKey(
                help_text="Empty for what was in use before destinations were kept.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="destinations_edited",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="payoutdestination",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="destinations", to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="payoutattempt",
            name="paid_to",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attempts",
                to="partners.payoutdestination",
            ),
        ),
        migrations.AddField(
            model_name="partnerpayout",
            name="paid_to",
            field=models.ForeignKey(
                help_text="Empty for payouts from before destinations were kept.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payouts",
                to="partners.payoutdestination",
            ),
        ),
        migrations.AddIndex(
            model_name="partnerpayout",
            index=models.Index(
                condition=models.Q(("state__in", ["submitting", "unknown", "failed"])),
                fields=["state"],
                name="payout_to_look_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerpayout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("returned_on__isnull", True), ("settled_on__isnull", False), ("state", "settled")),
                    models.Q(("returned_on__isnull", False), ("settled_on__isnull", False), ("state", "returned")),
                    models.Q(
                        models.Q(("state__in", ["settled", "returned"]), _negated=True),
                        ("returned_on__isnull", True),
                        ("settled_on__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="payout_settled_and_returned_on_a_day",
            ),
        ),
        migrations.AddField(
            model_name="payouthold",
            name="lifted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="payouthold",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="payout_holds", to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="payouthold",
            name="placed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutdestination",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")), fields=("partner",), name="destination_one_in_use"
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutdestination",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "pending")), fields=("partner",), name="destination_one_pending"
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutdestination",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("method", "connect"), models.Q(("stripe_account", ""), _negated=True)),
                    models.Q(models.Q(("method", "connect"), _negated=True), ("stripe_account", "")),
                    _connector="OR",
                ),
                name="destination_stripe_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutdestination",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("method", "ach"),
                        models.Q(("sealed_numbers", ""), _negated=True),
                        models.Q(("fingerprint", ""), _negated=True),
                        models.Q(("account_kind", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("method", "ach"), _negated=True),
                        ("account_kind", ""),
                        ("fingerprint", ""),
                        ("sealed_numbers", ""),
                    ),
                    _connector="OR",
                ),
                name="destination_bank_numbers",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutdestination",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("method", "cheque"),
                        models.Q(("payee", ""), _negated=True),
                        models.Q(("address", ""), _negated=True),
                    ),
                    models.Q(models.Q(("method", "cheque"), _negated=True), ("address", ""), ("payee", "")),
                    _connector="OR",
                ),
                name="destination_postal_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutdestination",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("activated_at__isnull", True), ("ended_at__isnull", True), ("state", "pending")),
                    models.Q(("activated_at__isnull", False), ("ended_at__isnull", True), ("state", "active")),
                    models.Q(("activated_at__isnull", False), ("ended_at__isnull", False), ("state", "retired")),
                    models.Q(("activated_at__isnull", True), ("ended_at__isnull", False), ("state", "refused")),
                    _connector="OR",
                ),
                name="destination_state_and_times",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutattempt",
            constraint=models.UniqueConstraint(fields=("payout", "number"), name="payout_attempt_numbered"),
        ),
        migrations.AddConstraint(
            model_name="payoutattempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=("external_id",),
                name="payout_attempt_known_outside_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutattempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["submitting", "unknown", "in_flight", "settled"])),
                fields=("payout",),
                name="payout_attempt_one_alive",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="payout_attempt_more_than_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("back_entry__isnull", True),
                        ("ended_at__isnull", True),
                        ("settled_entry__isnull", True),
                        ("state__in", ["submitting", "unknown", "in_flight"]),
                    ),
                    models.Q(
                        ("back_entry__isnull", True),
                        ("ended_at__isnull", False),
                        ("settled_entry__isnull", False),
                        ("state", "settled"),
                    ),
                    models.Q(
                        ("back_entry__isnull", False),
                        ("ended_at__isnull", False),
                        ("settled_entry__isnull", True),
                        ("state__in", ["failed", "voided"]),
                    ),
                    models.Q(
                        ("back_entry__isnull", False),
                        ("ended_at__isnull", False),
                        ("settled_entry__isnull", False),
                        ("state", "returned"),
                    ),
                    _connector="OR",
                ),
                name="payout_attempt_is_booked",
            ),
        ),
        migrations.AddConstraint(
            model_name="payouthold",
            constraint=models.UniqueConstraint(fields=("cause",), name="payout_hold_once_per_cause"),
        ),
        migrations.AddConstraint(
            model_name="payouthold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lifted_at__isnull", True), ("lifted_by__isnull", True)),
                    models.Q(("lifted_at__isnull", False), ("lifted_by__isnull", False)),
                    _connector="OR",
                ),
                name="payout_hold_lifted_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="payouthold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("lifted_by__isnull", True),
                    models.Q(("lifted_by", models.F("placed_by")), _negated=True),
                    _connector="OR",
                ),
                name="payout_hold_lifted_by_another",
            ),
        ),
    ]
