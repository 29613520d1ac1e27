-- Owners can close a channel. With money owed or people inside it is wound down first.
-- No deployment holds rows yet, so that no lock and no check of old rows is of consequence:
-- squawk-ignore-file constraint-missing-not-valid

ALTER TABLE channels
ADD COLUMN closing_at timestamptz, -- nothing is sold any more
ADD COLUMN closed_at timestamptz,  -- nobody and nothing was left
ADD CONSTRAINT channels_closing_before_closed CHECK (
    closed_at IS NULL OR coalesce(closed_at >= closing_at, false));
