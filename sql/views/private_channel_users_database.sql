-- One row per period of access that somebody bought or was given: who, where, for how much, until
-- when.
CREATE VIEW private_channel_users_database AS
SELECT
    period.id,
    chat.chat_id AS private_channel_id,
    m.channel_id AS client_id,
    m.telegram_user_id AS user_id,
    u.username,
    o.days AS sub_time,
    o.price_cents / 100.0 AS sub_price,
    period.starts_at,
    least(period.ends_at, period.cut_at) AS expires_at,
    m.access_ends_at,
    m.state AS access_state,
    m.state = 'active' AS is_active,
    p.provider_payment_id AS nowpayments_payment_id,
    p.status AS nowpayments_payment_status,
    coin.ticker AS nowpayments_outcome_currency,
    whole_coins(p.received, coin.decimals) AS nowpayments_outcome_amount,
    period.created_at
FROM membership_periods period
JOIN memberships m ON m.id = period.membership_id
JOIN channel_chats chat ON chat.channel_id = m.channel_id AND chat.role = 'closed'
JOIN telegram_users u ON u.id = m.telegram_user_id
LEFT JOIN payments p ON p.id = period.payment_id
LEFT JOIN orders o ON o.id = p.order_id
LEFT JOIN currencies coin ON coin.id = p.received_asset;
