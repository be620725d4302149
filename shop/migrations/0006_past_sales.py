"""Sales of before Tassel, settled there."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0005_books_begin_on"),
        ("shop", "0005_refunds_by_themselves"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PastSalesImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64)),
                ("file_name", models.CharField(max_length=120)),
                ("imported_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "imported_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PastSale",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(help_text="The other system's.", max_length=60, unique=True)),
                ("sold_on", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("goods_minor", models.BigIntegerField(help_text="After discounts, before tax and shipping.")),
                (
                    "content_hash",
                    models.CharField(help_text="Of its rows as they were read: tells a repetition.", max_length=64),
                ),
                (
                    "supporter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="past_sales",
                        to="people.supporter",
                    ),
                ),
                (
                    "imported",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sales", to="shop.pastsalesimport"
                    ),
                ),
            ],
            options={
                "ordering": ["-sold_on", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="PastSaleLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("sku", models.CharField(blank=True, max_length=40)),
                ("design", models.CharField(max_length=120)),
                ("units", models.PositiveIntegerField()),
                ("goods_minor", models.BigIntegerField()),
                (
                    "sale",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="shop.pastsale"
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("goods_minor__gte", 0), ("units__gt", 0)), name="past_line_not_negative"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="pastsalesimport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)), fields=("sha256",), name="past_sales_file_once"
            ),
        ),
        migrations.AddIndex(
            model_name="pastsale",
            index=models.Index(fields=["sold_on"], name="past_sale_by_day"),
        ),
        migrations.AddConstraint(
            model_name="pastsale",
            constraint=models.CheckConstraint(
                condition=models.Q(("goods_minor__gte", 0)), name="past_sale_not_negative"
            ),
        ),
    ]
