-- An account of the dashboard and the Telegram account of the same person become one.
-- No deployment holds rows yet, so that no lock and no check of old rows is of consequence:
-- squawk-ignore-file adding-foreign-key-constraint, constraint-missing-not-valid, disallowed-unique-constraint

ALTER TABLE accounts
-- Who has one logs in by it; whose account began in Telegram has none until they set one.
ADD COLUMN email text UNIQUE CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
ADD COLUMN joined_to uuid REFERENCES accounts, -- what this account had is that account's now
ADD CONSTRAINT accounts_joined CHECK (
    joined_to IS NULL OR (telegram_user_id IS NULL AND email IS NULL AND joined_to <> id));

CREATE TABLE one_time_tokens (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32), -- SHA-256; the token is kept nowhere
    purpose text NOT NULL CHECK (purpose IN ('telegram_link')),
    account_id uuid NOT NULL REFERENCES accounts,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK (expires_at > created_at)
);
CREATE UNIQUE INDEX one_time_tokens_open ON one_time_tokens (account_id, purpose)
WHERE used_at IS NULL;
