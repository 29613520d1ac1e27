-- The end of access: reminders before it, removal after it, and who is inside.
-- No deployment holds rows yet, so that no lock and no check of old rows is of consequence:
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, require-concurrent-index-creation, adding-field-with-default

ALTER TABLE channels
ADD COLUMN grace_days smallint NOT NULL DEFAULT 0 -- people may stay so long after their end
CHECK (grace_days BETWEEN 0 AND 30),
ADD COLUMN removals_free_until timestamptz; -- until then an operator lets any number go

ALTER TABLE memberships
ADD COLUMN removed_at timestamptz, -- when we last took this person out
ADD COLUMN claim_token uuid,
ADD COLUMN claimed_until timestamptz,
ADD COLUMN failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
ADD COLUMN failing_since timestamptz,
ADD COLUMN next_check_at timestamptz,
ADD COLUMN deadline_at timestamptz,
ADD CONSTRAINT memberships_claim_whole CHECK ((claim_token IS NULL) = (claimed_until IS NULL)),
ADD CONSTRAINT memberships_watch_whole CHECK ((next_check_at IS NULL) = (deadline_at IS NULL)),
-- Access that will end is watched, and so is whoever we let in until they are outside.
ADD CONSTRAINT memberships_watched CHECK (
    (next_check_at IS NOT NULL) = (
        (state = 'active' AND access_ends_at IS NOT NULL)
        OR (state IN ('ended', 'removing', 'blocked') AND let_in_at IS NOT NULL))),
-- Nobody else is ever taken out.
ADD CONSTRAINT memberships_removing_ours CHECK (state <> 'removing' OR let_in_at IS NOT NULL);
CREATE INDEX memberships_due ON memberships (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX memberships_overdue ON memberships (deadline_at) WHERE deadline_at IS NOT NULL;
CREATE INDEX memberships_removed ON memberships (channel_id, removed_at)
WHERE removed_at IS NOT NULL;
CREATE INDEX memberships_let_in ON memberships (channel_id) WHERE let_in_at IS NOT NULL;

-- An invite that gives somebody the way in again, for access that was paid or granted before.
ALTER TABLE invites
ADD COLUMN is_again boolean NOT NULL DEFAULT false,
ADD CONSTRAINT invites_again CHECK (NOT is_again OR payment_id IS NULL);

ALTER TABLE review_items
DROP CONSTRAINT review_items_subject_kind_check,
ADD CONSTRAINT review_items_subject_kind_check CHECK (subject_kind IN (
    'payment', 'order', 'invite', 'join_request', 'share', 'payout', 'swap', 'transfer', 'wallet',
    'notice', 'dead_letter', 'membership', 'channel'));
