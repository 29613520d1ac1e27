-- What a subscriber agreed to buy, and what the payment provider says about it.
--
-- In every table from here on: `next_check_at` says when a tick looks at the row again and
-- `deadline_at` when a person should. Rows that are done, or in review, have neither.
-- `claim_token` and `claimed_until` are the lease of the delivery that is at work on the row.

CREATE TABLE orders (
    id uuid PRIMARY KEY, -- random: it is public, as part of the return page's address
    kind text NOT NULL CHECK (kind IN ('subscription', 'donation')),
    channel_id uuid NOT NULL REFERENCES channels,
    tier_id uuid REFERENCES tiers,
    telegram_user_id bigint NOT NULL REFERENCES telegram_users,
    price_cents bigint NOT NULL CHECK (price_cents BETWEEN 100 AND 999999),
    days smallint CHECK (days BETWEEN 1 AND 999), -- null: access for life, or a donation
    state text NOT NULL CHECK (state IN ('open', 'paid', 'expired', 'closed')),
    invoice_id text UNIQUE,
    invoice_url text,
    claim_token uuid,
    claimed_until timestamptz,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    next_check_at timestamptz,
    deadline_at timestamptz,
    created_at timestamptz NOT NULL,
    CHECK ((kind = 'subscription') = (tier_id IS NOT NULL)),
    CHECK ((invoice_id IS NULL) = (invoice_url IS NULL)),
    CHECK ((state = 'open') = (next_check_at IS NOT NULL)),
    CHECK ((next_check_at IS NULL) = (deadline_at IS NULL)),
    CHECK ((claim_token IS NULL) = (claimed_until IS NULL))
);
-- A second tap on the same offer finds the open order instead of making another.
CREATE UNIQUE INDEX orders_open ON orders (telegram_user_id, tier_id, kind) WHERE state = 'open';
CREATE INDEX orders_due ON orders (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX orders_by_person ON orders (telegram_user_id, created_at);

CREATE TABLE payments (
    id uuid PRIMARY KEY,
    provider_payment_id text NOT NULL UNIQUE CHECK (provider_payment_id ~ '^[0-9]{1,24}$'),
    order_id uuid REFERENCES orders, -- null: the provider named an order that we do not know
    status text NOT NULL CHECK (status IN (
        'waiting', 'confirming', 'confirmed', 'sending', 'expired', 'failed', 'partially_paid',
        'finished', 'refunded', 'review')),
    received numeric(78, 0) CHECK (received > 0), -- set once, when the payment finished
    received_asset text REFERENCES currencies,
    fee numeric(78, 0) CHECK (fee >= 0 AND fee <= received),
    finished_at timestamptz,
    deposit_hash text UNIQUE CHECK (deposit_hash ~ '^0x[0-9a-f]{64}$'), -- one deposit counts once
    deposit_seen_at timestamptz,
    news_at timestamptz, -- a report was stored then and is not applied yet
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    next_check_at timestamptz,
    deadline_at timestamptz,
    created_at timestamptz NOT NULL,
    CHECK ((received IS NULL) = (finished_at IS NULL)),
    CHECK ((received IS NULL) = (received_asset IS NULL)),
    CHECK ((received IS NULL) = (fee IS NULL)),
    CHECK ((deposit_hash IS NULL) = (deposit_seen_at IS NULL)),
    CHECK ((next_check_at IS NULL) = (deadline_at IS NULL)),
    CHECK ((status IN ('waiting', 'confirming', 'confirmed', 'sending')
            OR (status = 'finished' AND deposit_seen_at IS NULL)) = (next_check_at IS NOT NULL))
);
CREATE INDEX payments_due ON payments (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX payments_overdue ON payments (deadline_at) WHERE deadline_at IS NOT NULL;
CREATE INDEX payments_with_news ON payments (news_at) WHERE news_at IS NOT NULL;
CREATE INDEX payments_by_order ON payments (order_id);

-- Everything the provider ever said, byte for byte. A payment's state follows from these rows.
CREATE TABLE payment_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id uuid NOT NULL REFERENCES payments,
    source text NOT NULL CHECK (source IN ('callback', 'poll')),
    body text NOT NULL,
    body_sha256 bytea NOT NULL CHECK (length(body_sha256) = 32),
    received_at timestamptz NOT NULL
);
CREATE INDEX payment_events_by_payment ON payment_events (payment_id, body_sha256);
