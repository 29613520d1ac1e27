-- One row per transfer that has a receipt or bytes: what left the host wallet, and what it cost.
CREATE VIEW hostpay_transactions AS
SELECT
    t.id AS unique_id,
    s.exchange_id AS cn_api_id,
    t.payout_id,
    p.channel_id,
    coin.ticker AS from_currency,
    coin.network AS from_network,
    whole_coins(t.amount, coin.decimals) AS from_amount,
    t.wallet_address AS from_address,
    t.destination AS payin_address,
    t.nonce,
    coalesce(t.mined_hash, newest.hash) AS tx_hash,
    t.mined_block AS block_number,
    whole_coins(t.gas_paid, 18::smallint) AS gas_paid_eth,
    t.state AS tx_status,
    t.state = 'confirmed' AS is_complete,
    t.created_at
FROM transfers t
JOIN payouts p ON p.id = t.payout_id
JOIN currencies coin ON coin.id = t.asset
LEFT JOIN swaps s ON s.id = t.swap_id
JOIN LATERAL (
    SELECT a.hash FROM transfer_attempts a WHERE a.transfer_id = t.id
    ORDER BY a.created_at DESC, a.id DESC LIMIT 1
) AS newest ON true;
