"""Partners' accounts at Stripe, and who was led to the questions about them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_KEPT = """
CREATE TRIGGER partners_onboardinglink_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_onboardinglink
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_partneraccount_kept BEFORE DELETE OR TRUNCATE ON partners_partneraccount
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
"""
_LET_GO = """
DROP TRIGGER partners_partneraccount_kept ON partners_partneraccount;
DROP TRIGGER partners_onboardinglink_kept ON partners_onboardinglink;
"""


class LoosenedRemove(migrations.RemoveConstraint):
    """Going back, the tighter rule stays away: rows that are there by then would break it, and cannot change."""

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        pass


class LoosenedAdd(migrations.AddConstraint):
    """Going back, this rule stays: it refuses nothing that the code of before writes."""

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        pass


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0017_signed_before_active"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OnboardingLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="PartnerAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Being made at Stripe"),
                            ("made", "There"),
                            ("refused", "Stripe did not make it"),
                            ("closed", "Closed at Stripe"),
                        ],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("stripe_account", models.CharField(blank=True, max_length=255)),
                ("takes_transfers", models.BooleanField(default=False)),
                ("bank_last4", models.CharField(blank=True, max_length=4)),
                (
                    "bank_mark",
                    models.CharField(
                        blank=True, help_text="Tells one bank account at Stripe from another.", max_length=64
                    ),
                ),
                (
                    "losses",
                    models.PositiveSmallIntegerField(default=0, help_text="How often it stopped taking transfers."),
                ),
                (
                    "refusal",
                    models.CharField(blank=True, help_text="Stripe's word for why it was not made.", max_length=60),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        LoosenedRemove(
            model_name="payoutdestination",
            name="destination_bank_numbers",
        ),
        migrations.AlterField(
            model_name="payouthold",
            name="reason",
            field=models.CharField(
                choices=[
                    ("destination", "Its destination was changed and is not confirmed"),
                    ("returned", "A payment came back"),
                    ("notice", "The bank asks for other account details"),
                    ("stripe", "Stripe does not pay its account any more"),
                    ("manual", "Held by hand"),
                ],
                max_length=11,
            ),
        ),
        LoosenedAdd(
            model_name="payoutdestination",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("method", "ach"),
                        models.Q(("sealed_numbers", ""), _negated=True),
                        models.Q(("fingerprint", ""), _negated=True),
                        models.Q(("account_kind", ""), _negated=True),
                    ),
                    models.Q(("account_kind", ""), ("method", "connect"), ("sealed_numbers", "")),
                    models.Q(
                        models.Q(("method__in", ["ach", "connect"]), _negated=True),
                        ("account_kind", ""),
                        ("fingerprint", ""),
                        ("sealed_numbers", ""),
                    ),
                    _connector="OR",
                ),
                name="destination_bank_numbers",
            ),
        ),
        migrations.AddField(
            model_name="onboardinglink",
            name="made_by",
            field=models.ForeignKey(
                help_text="Empty: the partner, by the link that was sent to it.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="partneraccount",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="partneraccount",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="stripe_accounts", to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="onboardinglink",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="links", to="partners.partneraccount"
            ),
        ),
        migrations.AddConstraint(
            model_name="partneraccount",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["asked", "made"])),
                fields=("partner",),
                name="partner_account_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="partneraccount",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stripe_account", ""), _negated=True),
                fields=("stripe_account",),
                name="partner_account_of_one_partner",
            ),
        ),
        migrations.AddConstraint(
            model_name="partneraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["asked", "refused"]), ("stripe_account", ""), ("takes_transfers", False)),
                    models.Q(("state", "made"), models.Q(("stripe_account", ""), _negated=True)),
                    models.Q(
                        ("state", "closed"), ("takes_transfers", False), models.Q(("stripe_account", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="partner_account_made_has_an_id",
            ),
        ),
        migrations.RunSQL(_KEPT, _LET_GO),
    ]
