"""A match holds several lines and payouts, Stripe's as well as partners', with its entries and its history."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_TO_ITEMS = """
UPDATE partners_match SET rule = CASE rule WHEN 'reference' THEN 'exact_id' WHEN 'amount' THEN 'amount_date' ELSE rule END;
INSERT INTO partners_matchitem (match_id, side, line_id, amount_minor, is_return, purpose, is_active)
SELECT m.id, 'bank', m.line_id, b.amount_minor, false, '', m.state <> 'undone'
  FROM partners_match m JOIN partners_bankline b ON b.id = m.line_id ORDER BY m.id;
INSERT INTO partners_matchitem (match_id, side, payout_id, amount_minor, is_return, purpose, is_active)
SELECT m.id, 'partner', m.payout_id, b.amount_minor, false, '', m.state <> 'undone'
  FROM partners_match m JOIN partners_bankline b ON b.id = m.line_id ORDER BY m.id;
INSERT INTO partners_matchentry (match_id, entry_id)
SELECT m.id, e.id
  FROM partners_match m
  JOIN ledger_entry e ON e.kind = 'payout_settled' AND e.idempotency_key LIKE 'payout:' || m.payout_id || ':settled:%'
 WHERE m.state = 'confirmed' ORDER BY e.id;
INSERT INTO partners_matchevent (match_id, word, by_id, at, reason)
SELECT id, 'proposed', proposed_by_id, proposed_at, '' FROM partners_match ORDER BY id;
INSERT INTO partners_matchevent (match_id, word, by_id, at, reason)
SELECT id, state, decided_by_id, decided_at, '' FROM partners_match WHERE state <> 'proposed' ORDER BY id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
# What one line and one payout cannot say is lost on the way back; the entries stay.
_FROM_ITEMS = """
UPDATE partners_match m
   SET line_id = (SELECT min(line_id) FROM partners_matchitem WHERE match_id = m.id AND side = 'bank'),
       payout_id = (SELECT min(payout_id) FROM partners_matchitem WHERE match_id = m.id AND side = 'partner'),
       proposed_by_id = coalesce(proposed_by_id, decided_by_id),
       rule = CASE rule WHEN 'exact_id' THEN 'reference' WHEN 'amount_date' THEN 'amount' ELSE 'person' END
 WHERE m.kind = 'paid';
DELETE FROM partners_learnedrule;
DELETE FROM partners_matchevent;
DELETE FROM partners_matchentry;
DELETE FROM partners_matchitem;
DELETE FROM partners_match WHERE kind <> 'paid' OR line_id IS NULL OR payout_id IS NULL OR proposed_by_id IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
_GUARDS = """
CREATE TRIGGER partners_matchentry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_matchentry
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_matchevent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_matchevent
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_match_kept BEFORE DELETE OR TRUNCATE ON partners_match
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_matchitem_kept BEFORE DELETE OR TRUNCATE ON partners_matchitem
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
"""
_UNGUARD = """
DROP TRIGGER partners_matchitem_kept ON partners_matchitem;
DROP TRIGGER partners_match_kept ON partners_match;
DROP TRIGGER partners_matchevent_append_only ON partners_matchevent;
DROP TRIGGER partners_matchentry_append_only ON partners_matchentry;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0017_openings"),
        ("partners", "0014_papers_and_state_rules"),
        ("payments", "0006_before_the_books"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LearnedRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "pattern",
                    models.CharField(help_text="The line's words in capitals, without figures.", max_length=300),
                ),
                ("is_credit", models.BooleanField()),
                (
                    "purpose",
                    models.CharField(
                        choices=[("bank_fees", "Bank fees"), ("interest", "Bank interest")], max_length=40
                    ),
                ),
                ("learned_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="MatchEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
        ),
        migrations.CreateModel(
            name="MatchEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "word",
                    models.CharField(
                        choices=[
                            ("proposed", "Waiting for a person"),
                            ("confirmed", "Confirmed"),
                            ("undone", "Not the same"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="MatchItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "side",
                    models.CharField(
                        choices=[
                            ("bank", "Bank line"),
                            ("processor", "Stripe payout"),
                            ("partner", "Payout to a partner"),
                            ("ledger", "Account or entry in the books"),
                        ],
                        max_length=10,
                    ),
                ),
                ("is_return", models.BooleanField(default=False, help_text="Of a partner's payout: it came back.")),
                (
                    "purpose",
                    models.CharField(
                        blank=True, help_text="Of the account in the books, such as bank_fees.", max_length=40
                    ),
                ),
                ("amount_minor", models.BigIntegerField(help_text="Signed as the bank signs it.")),
                ("is_active", models.BooleanField(default=True, help_text="Until its match is undone.")),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="match",
            name="match_one_per_line",
        ),
        migrations.RemoveConstraint(
            model_name="match",
            name="match_one_per_payout",
        ),
        migrations.RemoveConstraint(
            model_name="match",
            name="match_decided_by_somebody",
        ),
        migrations.AddField(
            model_name="match",
            name="is_certain",
            field=models.BooleanField(default=False, help_text="The rule may confirm it without a person."),
        ),
        migrations.AddField(
            model_name="match",
            name="kind",
            field=models.CharField(
                choices=[
                    ("arrived", "Stripe paid out"),
                    ("paid", "A partner was paid"),
                    ("returned", "A partner's payment came back"),
                    ("explained", "Bank fee or interest"),
                    ("booked", "Booked by hand already"),
                    ("duplicate", "The same line twice"),
                ],
                default="paid",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="match",
            name="score",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="match",
            name="proposed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="match",
            name="rule",
            field=models.CharField(
                choices=[
                    ("exact_id", "Exact id and amount"),
                    ("amount_date", "Only one of this amount in these days"),
                    ("sum", "Only these add up"),
                    ("learned", "As lines like it before"),
                    ("person", "Chosen by a person"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="match",
            index=models.Index(condition=models.Q(("state", "proposed")), fields=["id"], name="match_proposed"),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("state", "proposed")),
                    models.Q(("decided_at__isnull", False), ("decided_by__isnull", False), ("state", "confirmed")),
                    models.Q(("decided_at__isnull", False), ("is_certain", True), ("state", "confirmed")),
                    models.Q(("decided_at__isnull", False), ("decided_by__isnull", False), ("state", "undone")),
                    _connector="OR",
                ),
                name="match_decided_by_somebody_or_certain",
            ),
        ),
        migrations.AddField(
            model_name="learnedrule",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="learned_rules", to="partners.bankaccount"
            ),
        ),
        migrations.AddField(
            model_name="learnedrule",
            name="learned_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="learnedrule",
            name="learned_from",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.match"),
        ),
        migrations.AddField(
            model_name="learnedrule",
            name="stopped_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="matchentry",
            name="entry",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.entry"
            ),
        ),
        migrations.AddField(
            model_name="matchentry",
            name="match",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="partners.match"
            ),
        ),
        migrations.AddField(
            model_name="matchevent",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="matchevent",
            name="match",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="events", to="partners.match"
            ),
        ),
        migrations.AddField(
            model_name="matchitem",
            name="entry",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.entry",
            ),
        ),
        migrations.AddField(
            model_name="matchitem",
            name="line",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="match_items",
                to="partners.bankline",
            ),
        ),
        migrations.AddField(
            model_name="matchitem",
            name="match",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="items", to="partners.match"
            ),
        ),
        migrations.AddField(
            model_name="matchitem",
            name="payout",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="match_items",
                to="partners.partnerpayout",
            ),
        ),
        migrations.AddField(
            model_name="matchitem",
            name="stripe_payout",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="payments.stripepayout",
            ),
        ),
        migrations.AddConstraint(
            model_name="learnedrule",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stopped_at__isnull", True)),
                fields=("account", "pattern", "is_credit"),
                name="learned_rule_one_for_a_text",
            ),
        ),
        migrations.AddConstraint(
            model_name="matchitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True), ("side", "bank")), fields=("line",), name="match_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="matchitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)), fields=("stripe_payout",), name="match_stripe_payout_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="matchitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)),
                fields=("payout", "is_return"),
                name="match_partner_payout_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="matchitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)), fields=("entry",), name="match_entry_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="matchitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("entry", None),
                        ("line__isnull", False),
                        ("payout", None),
                        ("purpose", ""),
                        ("side", "bank"),
                        ("stripe_payout", None),
                    ),
                    models.Q(
                        ("entry", None),
                        ("line", None),
                        ("payout", None),
                        ("purpose", ""),
                        ("side", "processor"),
                        ("stripe_payout__isnull", False),
                    ),
                    models.Q(
                        ("entry", None),
                        ("line", None),
                        ("payout__isnull", False),
                        ("purpose", ""),
                        ("side", "partner"),
                        ("stripe_payout", None),
                    ),
                    models.Q(
                        ("payout", None),
                        ("side", "ledger"),
                        ("stripe_payout", None),
                        models.Q(
                            models.Q(("entry", None), ("line", None), models.Q(("purpose", ""), _negated=True)),
                            models.Q(("entry__isnull", False), ("line", None), ("purpose", "")),
                            models.Q(("entry", None), ("line__isnull", False), ("purpose", "")),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="match_item_is_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="matchitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor", 0), _negated=True), name="match_item_moves_money"
            ),
        ),
        migrations.AlterField(
            model_name="match",
            name="line",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="matches", to="partners.bankline"
            ),
        ),
        migrations.AlterField(
            model_name="match",
            name="payout",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="matches",
                to="partners.partnerpayout",
            ),
        ),
        migrations.RunSQL(_TO_ITEMS, _FROM_ITEMS),
        migrations.RemoveField(
            model_name="match",
            name="line",
        ),
        migrations.RemoveField(
            model_name="match",
            name="payout",
        ),
        migrations.RunSQL(_GUARDS, _UNGUARD),
    ]
