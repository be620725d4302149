"""What may not add up between the processor and the books, and how old it may grow (rules/ledger.md section 7).

Only the first limit is the rules' own; the others are POLICY.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ledger.discrepancies import Discrepancy

NOT_POSTED: Final = Discrepancy(
    "balance_transaction_not_posted",
    limit=timedelta(hours=1),
    title="Stripe moved money that is not in the books",
    happened="A line of Stripe's account of our money could not be posted, so the books and Stripe differ by it.",
    to_do="Open the balance transaction and read what kept it out, such as a month that takes no entries. Once that is "
    "mended it is posted by itself, and this closes.",
)
IN_SUSPENSE: Final = Discrepancy(
    "balance_transaction_in_suspense",
    limit=timedelta(days=2),
    title="Stripe moved money for a reason we do not know",
    happened="A line of Stripe's account is of a kind that has no place in the books, so its money lies in suspense.",
    to_do="Find out at Stripe what it was. Have it moved out of suspense by an entry that two people approve, and "
    "settle this with that entry.",
)
CHANGED: Final = Discrepancy(
    "balance_transaction_changed",
    limit=timedelta(days=1),
    title="Stripe changed a line that is already in the books",
    happened="Stripe now tells other amounts or another kind than when the line was posted. The entry stays as it was.",
    to_do="Compare the entry with the line at Stripe. If Stripe is right now, correct it by an entry that two people "
    "approve; if not, ask Stripe and write its answer down here.",
)
PARTS_DIFFER: Final = Discrepancy(
    "stripe_payout_differs",
    limit=timedelta(days=2),
    title="A Stripe payout that is not the sum of its parts",
    happened="What Stripe lists as the payout's contents does not come to its amount. The amount here is by how much.",
    to_do="Open the payout and look for a part that is missing or too many. A list that Stripe completes later mends "
    "it by itself; if it stays, ask Stripe.",
)
BALANCE_DIFFERS: Final = Discrepancy(
    "stripe_balance_differs",
    limit=timedelta(days=1),
    title="Stripe holds another amount than the books say",
    happened="Stripe was asked what it holds for us, and account 1050 says another amount. The amount here is ours "
    "less Stripe's.",
    to_do="Look first at the other exceptions about Stripe: a line that is not in the books is mostly the reason. If "
    "there is none, compare the balance page with Stripe's own until the line is found.",
)
BALANCE_NEGATIVE: Final = Discrepancy(
    "stripe_balance_negative",
    limit=timedelta(days=2),
    title="Our balance at Stripe is below zero",
    happened="Refunds, disputes and fees took more than Stripe held for us. Stripe may take the rest from our bank.",
    to_do="Send no transfers to partners until it is above zero again: by new sales, by Stripe's debit of our bank, or "
    "by money that you add at Stripe.",
)
CLEARING_OPEN: Final = Discrepancy(
    "clearing_open",
    limit=timedelta(days=1),
    title="A payment or refund that Stripe has not settled",
    happened="It has stood in clearing (1040) for more than a day, because Stripe's own line of it is missing or is of "
    "another amount.",
    to_do="Open the payment and look for its balance transaction at Stripe. If Stripe has none yet, wait; if its "
    "amount is another, have the difference corrected by an entry that two people approve.",
)
SIGNATURES_BAD: Final = Discrepancy(
    "webhook_signatures_bad",
    limit=timedelta(hours=1),
    title="Stripe's news is refused at our door",
    happened="The last messages to our webhook were signed by none of our secrets, so none was taken in.",
    to_do="Have whoever runs the server compare the webhook's signing secret with the one at Stripe. Stripe sends "
    "again what was refused, and a look twice a day finds the rest.",
)
ENDPOINT_WRONG: Final = Discrepancy(
    "webhook_endpoint_wrong",
    limit=timedelta(hours=1),
    title="Stripe does not send us its news as we need them",
    happened="Stripe was asked about our webhook endpoint, and it is missing, switched off, or not made as we need it.",
    to_do="Have whoever runs the server mend the endpoint at Stripe; it is looked at again within minutes, and this "
    "closes. A look twice a day finds what was not sent meanwhile.",
)
CALL_UNKNOWN: Final = Discrepancy(
    "stripe_call_unknown",
    limit=timedelta(hours=2),
    title="We asked Stripe for something, and the answer was lost",
    happened="Nobody knows yet whether Stripe did it.",
    to_do="Do not do it again by hand: it is asked again under the same key until there is an answer, and then this "
    "closes. Past its limit, look at Stripe for what the call was about.",
)
GIVEN_TWICE: Final = Discrepancy(
    "refund_above_payment",
    limit=timedelta(days=2),
    title="A refund of money that the payer's bank had taken already",
    happened="Stripe sent a refund although a dispute had taken the payment back, so it went back twice. It is booked "
    "as a loss by chargeback and took nothing from partners.",
    to_do="Tell the bank of the refund in your answer to the dispute. If the dispute is won after all, book by an "
    "entry that two people approve what of the loss is a refund.",
)
LOSS_NOT_SHARED: Final = Discrepancy(
    "loss_not_shared",
    limit=timedelta(days=2),
    title="A lost dispute of which partners' shares were not taken back",
    happened="A refund left and a dispute took the same money once more, so the dispute was lost as a loss of our own. "
    "Later the refund came back: the money went only once, but partners were given their shares of it again. The "
    "amount here is what of the loss counts as refunded.",
    to_do="Take the shares back and book that part of the loss as a refund, tax too, by an entry that two people "
    "approve, and settle this with that entry.",
)
KINDS: Final = (
    NOT_POSTED,
    IN_SUSPENSE,
    CHANGED,
    PARTS_DIFFER,
    BALANCE_DIFFERS,
    BALANCE_NEGATIVE,
    CLEARING_OPEN,
    SIGNATURES_BAD,
    ENDPOINT_WRONG,
    CALL_UNKNOWN,
    GIVEN_TWICE,
    LOSS_NOT_SHARED,
)
