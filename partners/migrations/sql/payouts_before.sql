-- A partner's words for its bank were all there was; staff ordered each transfer by hand.
INSERT INTO partners_payoutdestination
    (partner_id, method, label, stripe_account, sealed_numbers, fingerprint, account_kind, payee, address, state,
     content_hash, edited_at, activated_at)
SELECT p.id, 'bank', coalesce(nullif(p.pay_to, ''), 'As agreed with the partner'), '', '', '', '', '', '', 'active',
       encode(sha256(convert_to(p.id || ' ' || p.pay_to, 'UTF8')), 'hex'), now(), now()
  FROM partners_partner p
 WHERE p.pay_to <> '' OR EXISTS (SELECT FROM partners_partnerpayout y WHERE y.partner_id = p.id);

UPDATE partners_partnerpayout y SET paid_to_id = d.id
  FROM partners_payoutdestination d
 WHERE d.partner_id = y.partner_id AND y.state IN ('proposed', 'in_flight');

-- What was sent was sent once.
INSERT INTO partners_payoutattempt
    (payout_id, number, key, method, paid_to_id, amount_minor, state, external_id, failure_code, sent_entry_id, settled_entry_id,
     started_by_id, started_at, ended_at)
SELECT y.id, 1, 'payout:' || y.id || ':1', y.method, y.paid_to_id, y.amount_minor, y.state, '', '', s.id, e.id,
       b.sent_by_id, b.sent_at, e.event_at
  FROM partners_partnerpayout y
  JOIN partners_payoutbatch b ON b.id = y.batch_id
  JOIN ledger_entry s ON s.idempotency_key = 'payout:' || y.id || ':sent:1'
  LEFT JOIN ledger_entry e ON e.idempotency_key = 'payout:' || y.id || ':settled:1'
 WHERE y.state IN ('in_flight', 'settled');
