-- What the bot keeps in a channel's chats: the offer in the open one, and the button for donations
-- in the closed one. Each channel has one of each, made together with it.
-- No deployment holds rows yet, so that no lock and no check of old rows is of consequence:
-- squawk-ignore-file constraint-missing-not-valid, adding-foreign-key-constraint

CREATE TABLE broadcasts (
    id uuid PRIMARY KEY,
    channel_id uuid NOT NULL REFERENCES channels,
    kind text NOT NULL CHECK (kind IN ('offer', 'donation')),
    link_id text UNIQUE CHECK (link_id ~ '^[A-Za-z0-9_-]{22}$'), -- where a donation's button leads
    due_at timestamptz,        -- when it is posted anew; null: only when somebody asks
    look_at timestamptz,       -- when a tick asks for it, if it is due by then
    message_id bigint CHECK (message_id > 0), -- what stands in the chat
    posted_at timestamptz,
    posting_since timestamptz, -- it may have been posted since then: no answer is recorded
    asked_at timestamptz,      -- when the owner last wanted it posted
    refusals smallint NOT NULL DEFAULT 0 CHECK (refusals BETWEEN 0 AND 5), -- in a row
    troubled_since timestamptz,
    paused_at timestamptz,     -- too many refusals: only the owner starts it again
    claim_token uuid,
    claimed_until timestamptz,
    UNIQUE (channel_id, kind),
    CHECK ((kind = 'donation') = (link_id IS NOT NULL)),
    CHECK ((due_at IS NULL) = (look_at IS NULL)),
    CHECK (paused_at IS NULL OR due_at IS NULL),
    CHECK ((claim_token IS NULL) = (claimed_until IS NULL))
);
CREATE INDEX broadcasts_due ON broadcasts (look_at) WHERE look_at IS NOT NULL;

INSERT INTO broadcasts (id, channel_id, kind, link_id, due_at, look_at)
SELECT
    gen_random_uuid(),
    c.id,
    k.kind,
    CASE WHEN k.kind = 'donation'
        THEN translate(rtrim(encode(uuid_send(gen_random_uuid()), 'base64'), '='), '+/', '-_')
    END,
    CASE WHEN c.closing_at IS NULL THEN now() END,
    CASE WHEN c.closing_at IS NULL THEN now() END
FROM channels c CROSS JOIN (VALUES ('offer'), ('donation')) AS k (kind);
