-- One row per exchange that was adopted: where it is paid in, and what became of it.
CREATE VIEW split_payout_que AS
SELECT
    s.id AS unique_id,
    s.exchange_id AS cn_api_id,
    s.payout_id,
    p.channel_id,
    sold.ticker AS from_currency,
    sold.network AS from_network,
    bought.ticker AS to_currency,
    bought.network AS to_network,
    whole_coins(s.sold, sold.decimals) AS from_amount,
    whole_coins(s.promised, bought.decimals) AS promised_amount,
    whole_coins(s.bought, bought.decimals) AS actual_amount,
    whole_coins(s.refunded, sold.decimals) AS refunded_amount,
    s.payin_address,
    s.destination_address AS payout_address,
    s.destination_memo AS payout_extra_id,
    s.state,
    s.provider_status,
    s.payout_hash,
    s.refund_hash,
    s.created_at
FROM swaps s
JOIN payouts p ON p.id = s.payout_id
JOIN currencies sold ON sold.id = s.sold_asset
JOIN currencies bought ON bought.id = s.bought_asset
WHERE s.exchange_id IS NOT NULL;
