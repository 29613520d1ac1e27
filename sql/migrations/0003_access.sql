-- Who may be inside a closed chat, until when, and how they are let in.

-- One row per channel and person, locked for every change of that person's access.
CREATE TABLE memberships (
    id uuid PRIMARY KEY,
    channel_id uuid NOT NULL REFERENCES channels,
    telegram_user_id bigint NOT NULL REFERENCES telegram_users,
    state text NOT NULL CHECK (state IN (
        'none', 'active', 'ended', 'removing', 'removed', 'blocked')),
    access_ends_at timestamptz, -- null while active: for life
    let_in_at timestamptz, -- we approved this person's entry; nobody else is ever removed by us
    created_at timestamptz NOT NULL,
    UNIQUE (channel_id, telegram_user_id)
);

-- The history of grants. A payment grants at most one period.
CREATE TABLE membership_periods (
    id uuid PRIMARY KEY,
    membership_id uuid NOT NULL REFERENCES memberships,
    payment_id uuid UNIQUE REFERENCES payments,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz, -- null: for life
    created_at timestamptz NOT NULL,
    CHECK (starts_at < ends_at),
    CONSTRAINT periods_never_overlap EXCLUDE USING gist (
        membership_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
);

CREATE TABLE invites (
    id uuid PRIMARY KEY,
    payment_id uuid NOT NULL UNIQUE REFERENCES payments,
    order_id uuid NOT NULL REFERENCES orders,
    membership_id uuid NOT NULL REFERENCES memberships,
    name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 32), -- what Telegram calls the link
    state text NOT NULL CHECK (state IN ('creating', 'live', 'used', 'revoked', 'expired', 'review')),
    link text,
    link_expires_at timestamptz,
    already_inside boolean NOT NULL DEFAULT false, -- nobody needed a link
    claim_token uuid,
    claimed_until timestamptz,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    next_check_at timestamptz,
    deadline_at timestamptz,
    created_at timestamptz NOT NULL,
    CHECK ((link IS NULL) = (link_expires_at IS NULL)),
    CHECK (state <> 'live' OR link IS NOT NULL),
    CHECK ((state IN ('creating', 'live')) = (next_check_at IS NOT NULL)),
    CHECK ((next_check_at IS NULL) = (deadline_at IS NULL)),
    CHECK ((claim_token IS NULL) = (claimed_until IS NULL))
);
CREATE UNIQUE INDEX invites_live ON invites (order_id) WHERE state IN ('creating', 'live');
CREATE INDEX invites_due ON invites (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX invites_overdue ON invites (deadline_at) WHERE deadline_at IS NOT NULL;
CREATE INDEX invites_by_membership ON invites (membership_id);

CREATE TABLE join_requests (
    id uuid PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES channel_chats,
    telegram_user_id bigint NOT NULL REFERENCES telegram_users,
    link_name text, -- null: no link of ours; foreign links arrive truncated or not at all
    requested_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'approved', 'declined', 'ignored', 'review')),
    claim_token uuid,
    claimed_until timestamptz,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    next_check_at timestamptz,
    deadline_at timestamptz,
    UNIQUE (chat_id, telegram_user_id, requested_at),
    CHECK ((state = 'pending') = (next_check_at IS NOT NULL)),
    CHECK ((next_check_at IS NULL) = (deadline_at IS NULL)),
    CHECK ((claim_token IS NULL) = (claimed_until IS NULL))
);
CREATE INDEX join_requests_due ON join_requests (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX join_requests_overdue ON join_requests (deadline_at) WHERE deadline_at IS NOT NULL;
