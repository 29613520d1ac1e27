-- One row per payment in a conversion: what its owner's part was, what came of it, and whether that
-- has been paid out.
CREATE VIEW payout_accumulation AS
SELECT
    s.id,
    s.channel_id AS client_id,
    o.telegram_user_id AS user_id,
    s.payment_id,
    o.price_cents / 100.0 AS payment_amount_usd,
    collected.ticker AS payment_currency,
    whole_coins(link.weight, collected.decimals) AS accumulated_eth,
    whole_coins(link.part, held.decimals) AS accumulated_amount_usdt,
    whole_coins(link.part, held.decimals) / nullif(whole_coins(link.weight, collected.decimals), 0)
        AS eth_to_usdt_rate,
    conversion.id AS conversion_id,
    swap.exchange_id AS cn_api_id,
    swap.payout_hash AS conversion_tx_hash,
    conversion.settled_at AS conversion_timestamp,
    s.state = 'paid' AS is_paid_out,
    batch.payout_id AS payout_batch_id,
    s.created_at
FROM payout_shares link
JOIN payouts conversion ON conversion.id = link.payout_id
JOIN shares s ON s.id = link.share_id
JOIN currencies collected ON collected.id = conversion.asset
JOIN currencies held ON held.id = conversion.destination_asset
LEFT JOIN swaps swap ON swap.payout_id = conversion.id AND swap.state = 'finished'
LEFT JOIN payments p ON p.id = s.payment_id
LEFT JOIN orders o ON o.id = p.order_id
LEFT JOIN payout_shares batch
    ON batch.share_id = s.id AND batch.part IS NULL AND batch.released_at IS NULL
WHERE link.part IS NOT NULL;
