-- One row per channel: its two chats, what it sells now, and how its owner is paid.
CREATE VIEW main_clients_database AS
SELECT
    c.id AS client_id,
    c.account_id,
    a.telegram_user_id AS owner_telegram_id,
    open_chat.chat_id AS open_channel_id,
    open_chat.title AS open_channel_title,
    open_chat.description AS open_channel_description,
    closed_chat.chat_id AS closed_channel_id,
    closed_chat.title AS closed_channel_title,
    closed_chat.description AS closed_channel_description,
    tier_1.price_cents / 100.0 AS sub_1_price,
    tier_1.days AS sub_1_time,
    tier_2.price_cents / 100.0 AS sub_2_price,
    tier_2.days AS sub_2_time,
    tier_3.price_cents / 100.0 AS sub_3_price,
    tier_3.days AS sub_3_time,
    c.payout_address AS client_wallet_address,
    c.payout_memo AS client_wallet_extra_id,
    upper(coin.ticker) AS client_payout_currency,
    upper(coin.network) AS client_payout_network,
    c.strategy AS payout_strategy,
    c.threshold_cents / 100.0 AS payout_threshold_usd,
    c.created_at
FROM channels c
JOIN accounts a ON a.id = c.account_id
JOIN currencies coin ON coin.id = c.payout_asset
JOIN channel_chats open_chat ON open_chat.channel_id = c.id AND open_chat.role = 'open'
JOIN channel_chats closed_chat ON closed_chat.channel_id = c.id AND closed_chat.role = 'closed'
LEFT JOIN tiers tier_1
    ON tier_1.channel_id = c.id AND tier_1.position = 1 AND tier_1.removed_at IS NULL
LEFT JOIN tiers tier_2
    ON tier_2.channel_id = c.id AND tier_2.position = 2 AND tier_2.removed_at IS NULL
LEFT JOIN tiers tier_3
    ON tier_3.channel_id = c.id AND tier_3.position = 3 AND tier_3.removed_at IS NULL;
