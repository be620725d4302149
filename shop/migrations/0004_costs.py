"""What making a piece costs, where somebody has said it, and as it was when a checkout started."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_refunds_and_disputes")]

    operations = [
        migrations.AddField(
            model_name="variant",
            name="cost_minor",
            field=models.PositiveBigIntegerField(
                blank=True, help_text="What making one costs; promises net of cost take it off.", null=True
            ),
        ),
        migrations.AddField(
            model_name="orderline",
            name="cost_minor",
            field=models.PositiveBigIntegerField(
                help_text="What making these pieces costs, where it is known.", null=True
            ),
        ),
    ]
