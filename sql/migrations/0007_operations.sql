-- What operators see and do.

-- Something that a person should look at. One open item per subject and reason.
CREATE TABLE review_items (
    id uuid PRIMARY KEY,
    subject_kind text NOT NULL CHECK (subject_kind IN (
        'payment', 'order', 'invite', 'join_request', 'share', 'payout', 'transfer', 'wallet',
        'notice', 'dead_letter')),
    subject_id text NOT NULL,
    reason text NOT NULL CHECK (reason ~ '^[a-z_]{3,60}$'),
    evidence jsonb NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE UNIQUE INDEX review_items_open ON review_items (subject_kind, subject_id, reason)
WHERE closed_at IS NULL;

-- Kill switches. A row exists while the switch is on.
CREATE TABLE controls (
    name text PRIMARY KEY CHECK (name IN ('stop_sends', 'stop_removals')),
    actor text NOT NULL,
    reason text NOT NULL,
    set_at timestamptz NOT NULL
);

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor text NOT NULL,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    detail jsonb NOT NULL,
    occurred_at timestamptz NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
