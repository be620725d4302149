"""A share may be an amount, or be figured on another base; what is net of card fees waits until they are known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0004_refunds_and_disputes")]

    operations = [
        migrations.CreateModel(
            name="WaitingShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(help_text="What was paid, such as order:1042.", max_length=60)),
                ("charge_ref", models.CharField(max_length=120)),
                ("currency", models.CharField(max_length=3)),
                (
                    "lines",
                    models.JSONField(help_text="Of `partners.sharing.ShareLine`, with their agreements net of fees."),
                ),
                (
                    "other_parts_minor",
                    models.JSONField(help_text="What else the charge paid for; the fee is spread over all."),
                ),
                ("bound_at", models.DateTimeField(help_text="When the promise bound.")),
                ("earned_at", models.DateTimeField(help_text="When it was paid, by the processor's clock.")),
                ("refunded_minor", models.JSONField(default=dict, help_text="What went back to date, by line.")),
                ("refund_cause", models.CharField(blank=True, max_length=120)),
                ("refund_at", models.DateTimeField(null=True)),
                (
                    "disputes",
                    models.JSONField(default=dict, help_text="Open ones: {cause: what hold_shares was told}."),
                ),
                (
                    "accrued_at",
                    models.DateTimeField(help_text="When the fee was known; empty while it waits.", null=True),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="agreement",
            name="agreement_rate_above_0_up_to_100_percent",
        ),
        migrations.RemoveConstraint(
            model_name="agreement",
            name="agreement_basis_fits_its_scope",
        ),
        migrations.RemoveConstraint(
            model_name="agreement",
            name="agreement_agency_only_for_gifts",
        ),
        migrations.AddField(
            model_name="agreement",
            name="currency",
            field=models.CharField(default="usd", max_length=3),
        ),
        migrations.AddField(
            model_name="agreement",
            name="each_minor",
            field=models.PositiveBigIntegerField(default=0, help_text="For each piece, order or gift; 0 for a rate."),
        ),
        migrations.AddField(
            model_name="agreement",
            name="fee_estimate_bp",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="The card fee that pages assume, in basis points, where the share is net of it."
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="fee_estimate_fixed_minor",
            field=models.PositiveSmallIntegerField(default=0, help_text="And its fixed part."),
        ),
        migrations.AddField(
            model_name="agreement",
            name="per",
            field=models.CharField(
                choices=[
                    ("percent", "A percentage"),
                    ("unit", "An amount for each piece"),
                    ("payment", "An amount for each order or gift"),
                ],
                default="percent",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="agreement",
            name="basis",
            field=models.CharField(
                choices=[
                    ("net_goods", "Item price after discounts, before tax and shipping"),
                    ("gift_part", "The gift without the amount added to cover card fees"),
                    (
                        "gross",
                        "Item price before discounts, tax and shipping; a gift with what was added for card fees",
                    ),
                    ("net_of_fees", "Item price or gift after discounts, less its part of the card fee"),
                    ("net_of_cost", "Item price after discounts, less the cost of making it"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="agreement",
            name="rate_num",
            field=models.PositiveIntegerField(help_text="0 where an amount is promised."),
        ),
        migrations.AlterField(
            model_name="allocation",
            name="uncapped_minor",
            field=models.BigIntegerField(help_text="What it would be without a cap."),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("each_minor", 0),
                        ("per", "percent"),
                        ("rate_num__gt", 0),
                        ("rate_num__lte", models.F("rate_den")),
                    ),
                    models.Q(("each_minor__gt", 0), ("per__in", ["unit", "payment"]), ("rate_den", 1), ("rate_num", 0)),
                    _connector="OR",
                ),
                name="agreement_promises_a_rate_or_an_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("basis__in", ["net_goods", "gross", "net_of_fees", "net_of_cost"]),
                        ("scope_key__regex", "^(shop|(variant|product|collection):.+)$"),
                    ),
                    models.Q(
                        ("basis__in", ["gift_part", "gross", "net_of_fees"]),
                        ("scope_key__regex", "^(gifts|(fund|campaign):.+)$"),
                    ),
                    _connector="OR",
                ),
                name="agreement_figured_on_what_its_scope_has",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("per", "percent"),
                    models.Q(("basis", "net_goods"), ("per", "unit")),
                    models.Q(("basis__in", ["net_goods", "gift_part"]), ("per", "payment")),
                    _connector="OR",
                ),
                name="agreement_amount_of_what_is_paid",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("recognition", "grant"), ("scope_key__regex", "^(gifts|(fund|campaign):.+)$"), _connector="OR"
                ),
                name="agreement_agency_is_of_gifts",
            ),
        ),
        migrations.AddIndex(
            model_name="waitingshare",
            index=models.Index(
                condition=models.Q(("accrued_at__isnull", True)), fields=["earned_at"], name="waiting_share_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingshare",
            constraint=models.UniqueConstraint(fields=("source", "charge_ref"), name="waiting_share_once"),
        ),
    ]
