-- One row per quoted swap: what was asked for an owner, and what the market said at that moment.
CREATE VIEW split_payout_request AS
SELECT
    s.id AS unique_id,
    s.payout_id,
    p.channel_id,
    sold.ticker AS from_currency,
    sold.network AS from_network,
    bought.ticker AS to_currency,
    bought.network AS to_network,
    whole_coins(s.sold, sold.decimals) AS from_amount,
    whole_coins(s.quoted, bought.decimals) AS to_amount,
    whole_coins(s.deposit_fee, sold.decimals) AS deposit_fee,
    whole_coins(s.withdrawal_fee, bought.decimals) AS withdrawal_fee,
    whole_coins(s.market, bought.decimals) AS market_value,
    s.rate_id,
    s.destination_address AS client_wallet_address,
    s.destination_memo AS client_wallet_extra_id,
    s.quoted_at AS created_at
FROM swaps s
JOIN payouts p ON p.id = s.payout_id
JOIN currencies sold ON sold.id = s.sold_asset
JOIN currencies bought ON bought.id = s.bought_asset
WHERE s.rate_id IS NOT NULL;
