"""Net assets are a type of account of their own: what is ours, once what we owe is taken from what we have."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards")]

    operations = [
        migrations.RemoveConstraint(model_name="account", name="account_type_known"),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(("type__in", ["asset", "liability", "net_assets", "income", "expense"])),
                name="account_type_known",
            ),
        ),
    ]
