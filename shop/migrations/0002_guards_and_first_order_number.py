"""What the shop only ever adds to is guarded by plain SQL triggers; order numbers start at 1001."""

from pathlib import Path

from django.db import migrations

_GUARDS = (Path(__file__).parent / "sql" / "guards.sql").read_text()
_UNGUARD = """
DROP TRIGGER shop_orderlineagreement_append_only ON shop_orderlineagreement;
DROP TRIGGER shop_orderevent_append_only ON shop_orderevent;
DROP TRIGGER shop_stockmovement_append_only ON shop_stockmovement;
DROP FUNCTION shop_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_products_carts_orders_stock")]

    operations = [migrations.RunSQL(_GUARDS, _UNGUARD)]
