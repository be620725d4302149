-- The words of what is in use go back to the partner; what the older program has no word for is called what it was next to.
UPDATE partners_partner p SET pay_to = d.label
  FROM partners_payoutdestination d WHERE d.partner_id = p.id AND d.state = 'active';
UPDATE partners_partnerpayout SET state = 'in_flight' WHERE state IN ('submitting', 'unknown');
UPDATE partners_partnerpayout SET state = 'released', settled_on = NULL, returned_on = NULL
 WHERE state IN ('failed', 'returned');
UPDATE partners_partnerpayout SET paid_to_id = NULL, method = 'bank';
DELETE FROM partners_payoutattempt;
DELETE FROM partners_payouthold;
DELETE FROM partners_payoutdestination;
