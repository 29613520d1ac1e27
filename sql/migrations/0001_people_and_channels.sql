-- Who takes part, and what an owner sells.

CREATE EXTENSION IF NOT EXISTS btree_gist; -- periods of one membership must not overlap (0003)

-- An account may begin in Telegram alone; e-mail and password come with the dashboard.
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    telegram_user_id bigint UNIQUE CHECK (telegram_user_id > 0),
    created_at timestamptz NOT NULL
);

CREATE TABLE telegram_users (
    id bigint PRIMARY KEY CHECK (id > 0),
    first_name text NOT NULL,
    username text,
    language_code text,
    blocked_at timestamptz, -- this person has blocked the bot
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

-- A coin is always a ticker and its network, written `eth:eth`.
CREATE TABLE currencies (
    id text PRIMARY KEY CHECK (id = ticker || ':' || network),
    ticker text NOT NULL CHECK (ticker ~ '^[a-z0-9]{1,16}$'),
    network text NOT NULL CHECK (network ~ '^[a-z0-9]{1,16}$'),
    decimals smallint NOT NULL CHECK (decimals BETWEEN 0 AND 36),
    payout_enabled boolean NOT NULL
);

INSERT INTO currencies (id, ticker, network, decimals, payout_enabled)
VALUES ('eth:eth', 'eth', 'eth', 18, true);

CREATE TABLE channels (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts,
    strategy text NOT NULL CHECK (strategy IN ('instant', 'threshold')),
    threshold_cents bigint CHECK (threshold_cents >= 2000),
    payout_asset text NOT NULL REFERENCES currencies,
    payout_address text NOT NULL CHECK (length(payout_address) BETWEEN 1 AND 128),
    payout_memo text CHECK (length(payout_memo) BETWEEN 1 AND 128),
    fee_bps integer CHECK (fee_bps BETWEEN 0 AND 10000), -- null: the deployment's fee
    created_at timestamptz NOT NULL,
    CHECK ((strategy = 'threshold') = (threshold_cents IS NOT NULL))
);
CREATE INDEX channels_by_account ON channels (account_id);

-- The chat id is the key, so that no chat is used twice in the system.
CREATE TABLE channel_chats (
    chat_id bigint PRIMARY KEY CHECK (chat_id < -1000000000000 AND chat_id::text LIKE '-100%'),
    channel_id uuid NOT NULL REFERENCES channels,
    role text NOT NULL CHECK (role IN ('open', 'closed')),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
    description text NOT NULL CHECK (length(description) <= 500),
    UNIQUE (channel_id, role)
);

CREATE TABLE tiers (
    id uuid PRIMARY KEY,
    channel_id uuid NOT NULL REFERENCES channels,
    position smallint NOT NULL CHECK (position BETWEEN 1 AND 3),
    price_cents bigint NOT NULL CHECK (price_cents BETWEEN 100 AND 999999),
    days smallint CHECK (days BETWEEN 1 AND 999), -- null: access for life
    created_at timestamptz NOT NULL,
    removed_at timestamptz
);
CREATE UNIQUE INDEX tiers_in_use ON tiers (channel_id, position) WHERE removed_at IS NULL;

-- A deep link carries nothing but this id: price and days are always read from the tier.
CREATE TABLE offer_links (
    id text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_-]{22}$'),
    tier_id uuid NOT NULL REFERENCES tiers,
    created_at timestamptz NOT NULL
);
CREATE INDEX offer_links_by_tier ON offer_links (tier_id);
