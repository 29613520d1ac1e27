-- One row per payout of what was held for an owner, with what left the wallet for it.
CREATE VIEW payout_batches AS
SELECT
    o.id AS batch_id,
    o.channel_id AS client_id,
    whole_coins(o.amount, held.decimals) AS total_amount_usdt,
    (SELECT count(s.payment_id) FROM payout_shares link JOIN shares s ON s.id = link.share_id
     WHERE link.payout_id = o.id AND link.released_at IS NULL) AS total_payments_count,
    o.destination_address AS client_wallet_address,
    o.destination_memo AS client_wallet_extra_id,
    upper(wanted.ticker) AS client_payout_currency,
    upper(wanted.network) AS client_payout_network,
    swap.exchange_id AS cn_api_id,
    t.mined_hash AS tx_hash,
    o.state AS status,
    o.waiting_for,
    o.created_at,
    o.settled_at AS completed_at
FROM payouts o
JOIN currencies held ON held.id = o.asset
JOIN currencies wanted ON wanted.id = o.destination_asset
LEFT JOIN swaps swap ON swap.payout_id = o.id AND swap.state NOT IN ('abandoned', 'refunded')
LEFT JOIN transfers t
    ON t.payout_id = o.id AND t.state NOT IN ('cancelled', 'reverted') AND NOT t.fills_nonce
WHERE o.strategy = 'threshold' AND o.channel_id IS NOT NULL;
