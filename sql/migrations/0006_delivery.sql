-- What keeps events, messages and ticks from being lost or done twice.

-- Written in the transaction of the effect, deleted once published.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_type text NOT NULL,
    event jsonb NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX outbox_by_age ON outbox (created_at);

-- Deliveries whose effect is committed. An optimisation: the business keys are the guard.
CREATE TABLE inbox (
    key text PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 200),
    received_at timestamptz NOT NULL
);
CREATE INDEX inbox_by_age ON inbox (received_at);

CREATE TABLE ticks (
    name text NOT NULL,
    slot bigint NOT NULL, -- floor(publish time / period)
    started_at timestamptz NOT NULL,
    PRIMARY KEY (name, slot)
);

-- A message to one person.
CREATE TABLE notices (
    id uuid PRIMARY KEY,
    key text NOT NULL UNIQUE, -- what happened, so that it is said once
    kind text NOT NULL,
    telegram_user_id bigint NOT NULL REFERENCES telegram_users,
    facts jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'sent', 'undeliverable')),
    claim_token uuid,
    claimed_until timestamptz,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    next_check_at timestamptz,
    deadline_at timestamptz,
    created_at timestamptz NOT NULL,
    CHECK ((state = 'pending') = (next_check_at IS NOT NULL)),
    CHECK ((next_check_at IS NULL) = (deadline_at IS NULL)),
    CHECK ((claim_token IS NULL) = (claimed_until IS NULL))
);
CREATE INDEX notices_due ON notices (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX notices_overdue ON notices (deadline_at) WHERE deadline_at IS NOT NULL;

-- Rates towards providers: a token bucket each, and a pause that a provider asked for.
CREATE TABLE buckets (
    name text PRIMARY KEY,
    tokens_milli bigint NOT NULL CHECK (tokens_milli >= 0),
    filled_at timestamptz NOT NULL,
    paused_until timestamptz
);

CREATE TABLE dead_letters (
    id uuid PRIMARY KEY,
    message_id text NOT NULL,
    subscription text NOT NULL,
    event_type text, -- null: the message could not be read
    entity_id uuid,
    body text NOT NULL,
    attributes jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    closed_at timestamptz,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    next_check_at timestamptz,
    deadline_at timestamptz,
    UNIQUE (subscription, message_id),
    CHECK ((closed_at IS NULL) = (next_check_at IS NOT NULL)),
    CHECK ((next_check_at IS NULL) = (deadline_at IS NULL))
);
CREATE INDEX dead_letters_due ON dead_letters (next_check_at) WHERE next_check_at IS NOT NULL;
