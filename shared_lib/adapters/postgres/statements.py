"""What a channel's statement is made of: one row per payment, left-over, conversion and payout."""

from collections.abc import Mapping
from uuid import UUID

from shared_lib.adapters.postgres.session import Session

# Each part answers the columns of the statement's form as texts, and no others. Every part asks for
# the account too, so that no owner is ever shown another's.
_MINE = "(SELECT id FROM channels WHERE id = :channel_id AND account_id = :account_id)"


def _text(amount: str, coin: str) -> str:
    """Base units of a coin as a text in whole coins."""
    return f"whole_coins({amount}, {coin}.decimals)::text"


def _moment(column: str) -> str:
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"


# The newest report of money that came: what the payer gave, and what the provider took.
_REPORT = """
LEFT JOIN LATERAL (
    SELECT e.body::jsonb AS body FROM payment_events e
    WHERE e.payment_id = p.id
    AND e.body::jsonb ->> 'payment_status' IN ('finished', 'partially_paid')
    ORDER BY e.id DESC LIMIT 1) AS report ON true"""
# A share's conversion that has settled, and the payout that carries it now or has paid it.
_LINKS = """
LEFT JOIN payout_shares made ON made.share_id = s.id AND made.part IS NOT NULL
LEFT JOIN payouts conversion ON conversion.id = made.payout_id
LEFT JOIN currencies collected ON collected.id = coalesce(conversion.asset, s.asset)
LEFT JOIN currencies held ON held.id = conversion.destination_asset
LEFT JOIN payout_shares carried
    ON carried.share_id = s.id AND carried.part IS NULL AND carried.released_at IS NULL
    AND s.state IN ('locked', 'paid')"""
_FEES = "('depositFee', 'serviceFee', 'withdrawalFee')"

_PAYMENTS = f"""
SELECT p.finished_at AS moment, 'payment' AS kind, p.provider_payment_id AS id,
    {_moment("p.finished_at")} AS at, coalesce(s.state, p.status) AS state,
    (o.price_cents / 100.0)::numeric(12, 2)::text AS price_usd,
    report.body ->> 'actually_paid' AS paid, report.body ->> 'pay_currency' AS paid_coin,
    (SELECT sum(fee.value::numeric)::text FROM jsonb_each_text(
        CASE WHEN jsonb_typeof(report.body -> 'fee') = 'object'
             THEN report.body -> 'fee' ELSE '{{}}' END) AS fee
     WHERE fee.key IN {_FEES} AND fee.value ~ '^[0-9.]+([eE][-+]?[0-9]+)?$') AS provider_fee,
    report.body -> 'fee' ->> 'currency' AS provider_fee_coin,
    {_text("p.received", "coin")} AS received, {_text("p.fee", "coin")} AS our_fee,
    {_text("p.received - p.fee", "coin")} AS amount, coin.id AS coin, NULL AS left_by,
    conversion.id::text AS converted_by, {_text("made.weight", "collected")} AS converted_from,
    {_text("made.part", "held")} AS converted_amount, carried.payout_id::text AS carried_by,
    NULL AS rate, NULL AS market_value, NULL AS spread, NULL AS network_fee, NULL AS arrived,
    NULL AS arrived_coin, NULL AS exchange, NULL AS sent_hash, p.deposit_hash AS arrived_hash
FROM payments p JOIN orders o ON o.id = p.order_id
JOIN currencies coin ON coin.id = p.received_asset
LEFT JOIN shares s ON s.payment_id = p.id {_LINKS} {_REPORT}
WHERE o.channel_id IN {_MINE} AND p.received IS NOT NULL"""

_LEFT_OVER = f"""
SELECT s.created_at, 'left_over', s.id::text, {_moment("s.created_at")}, s.state,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    {_text("coalesce(made.weight, s.amount)", "collected")}, collected.id, s.residue_of::text,
    conversion.id::text, {_text("made.weight", "collected")}, {_text("made.part", "held")},
    carried.payout_id::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM shares s {_LINKS}
WHERE s.channel_id IN {_MINE} AND s.kind <> 'payment'"""

_PAYOUTS = f"""
SELECT o.created_at, 'payout', o.id::text, {_moment("o.created_at")}, o.state,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, {_text("o.amount", "sold")}, sold.id, NULL,
    NULL, NULL, NULL, NULL,
    round(whole_coins(w.bought, bought.decimals)
          / nullif(whole_coins(w.sold, sold.decimals), 0), 12)::text,
    {_text("w.market", "bought")}, {_text("w.market - w.bought - w.withdrawal_fee", "bought")},
    {_text("w.withdrawal_fee", "bought")},
    coalesce({_text("w.bought", "bought")},
             CASE WHEN o.state = 'settled' THEN {_text("t.amount", "sold")} END),
    bought.id, w.exchange_id, t.mined_hash,
    coalesce(w.payout_hash, CASE WHEN o.state = 'settled' THEN t.mined_hash END)
FROM payouts o JOIN currencies sold ON sold.id = o.asset
JOIN currencies bought ON bought.id = o.destination_asset
LEFT JOIN swaps w ON w.payout_id = o.id AND w.state NOT IN ('abandoned', 'refunded')
LEFT JOIN transfers t
    ON t.payout_id = o.id AND t.state NOT IN ('cancelled', 'reverted') AND NOT t.fills_nonce
    AND t.swap_id IS NOT DISTINCT FROM w.id
WHERE o.channel_id IN {_MINE} AND o.state <> 'waiting'"""

# Of a conversion an owner is told their own part alone: others' money was in it too.
_CONVERSIONS = f"""
SELECT o.settled_at, 'conversion', o.id::text, {_moment("o.settled_at")}, o.state,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, {_text("mine.weight", "sold")}, sold.id, NULL,
    NULL, NULL, NULL, NULL,
    round(whole_coins(mine.part, bought.decimals)
          / nullif(whole_coins(mine.weight, sold.decimals), 0), 12)::text,
    {_text("div(w.market * mine.weight, w.sold)", "bought")},
    {
    _text(
        "div(w.market * mine.weight, w.sold) - mine.part"
        " - div(w.withdrawal_fee * mine.weight, w.sold)",
        "bought",
    )
},
    {_text("div(w.withdrawal_fee * mine.weight, w.sold)", "bought")},
    {_text("mine.part", "bought")}, bought.id, w.exchange_id, t.mined_hash, w.payout_hash
FROM (SELECT link.payout_id, sum(link.weight) AS weight, sum(link.part) AS part
      FROM payout_shares link JOIN shares s ON s.id = link.share_id
      WHERE s.channel_id IN {_MINE} AND link.part IS NOT NULL GROUP BY link.payout_id) AS mine
JOIN payouts o ON o.id = mine.payout_id JOIN currencies sold ON sold.id = o.asset
JOIN currencies bought ON bought.id = o.destination_asset
JOIN swaps w ON w.payout_id = o.id AND w.state = 'finished'
LEFT JOIN transfers t ON t.swap_id = w.id AND t.state = 'confirmed'"""

_ROWS = f"""
{_PAYMENTS} UNION ALL {_LEFT_OVER} UNION ALL {_PAYOUTS} UNION ALL {_CONVERSIONS}
ORDER BY moment, kind, id
"""


class PostgresStatements:
    def __init__(self, session: Session) -> None:
        self._session = session

    def rows(self, account_id: UUID, channel_id: UUID) -> list[Mapping[str, str | None]]:
        return list(self._session.rows(_ROWS, account_id=account_id, channel_id=channel_id))
