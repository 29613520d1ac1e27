-- Rights of the application's role, run after every migration; running it again changes nothing.
-- Functions log in as members of funnel_app; migrations run as the tables' owner.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'funnel_app') THEN
        CREATE ROLE funnel_app NOLOGIN;
    END IF;
END $$;

GRANT USAGE ON SCHEMA public TO funnel_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO funnel_app;
REVOKE ALL ON schema_migrations FROM funnel_app;
GRANT SELECT ON schema_migrations TO funnel_app;

-- A view writes with its owner's rights, so that it could pass by what is refused below.
DO $$
DECLARE
    one text;
BEGIN
    FOR one IN SELECT table_name FROM information_schema.views WHERE table_schema = 'public' LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %I FROM funnel_app', one);
    END LOOP;
END $$;

-- Money is never deleted, history is never rewritten.
REVOKE UPDATE, DELETE, TRUNCATE
ON ledger_transactions, ledger_entries, incoming_transactions, payment_events, swap_events,
audit_log FROM funnel_app;
REVOKE DELETE, TRUNCATE
ON accounts, telegram_users, channels, channel_chats, tiers, offer_links, orders, payments,
payer_credits, memberships, membership_periods, invites, join_requests, shares, payouts,
payout_shares, swaps, wallets, transfers, transfer_attempts, notices, broadcasts, dead_letters, review_items,
one_time_tokens
FROM funnel_app;
