-- What operators can do about a payment in review whose money is in the books.
-- No deployment holds rows yet, so that no lock and no check of old rows is of consequence:
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, require-concurrent-index-creation, require-concurrent-index-deletion, adding-field-with-default

ALTER TABLE payments
ADD COLUMN review_of text,                        -- what it was before its review
ADD COLUMN accepted text[] NOT NULL DEFAULT '{}', -- findings that an operator let pass
ADD COLUMN named_deposit text                     -- by an operator, in place of the provider's
CHECK (named_deposit ~ '^0x[0-9a-f]{64}$'),
ADD CONSTRAINT payments_review_of CHECK (review_of IN (
    'waiting', 'confirming', 'confirmed', 'sending', 'expired', 'failed', 'partially_paid',
    'finished')),
ADD CONSTRAINT payments_in_review CHECK ((status = 'review') = (review_of IS NOT NULL)),
ADD CONSTRAINT payments_accepted CHECK (accepted <@ ARRAY[
    'provider_disagrees', 'deposit_differs', 'notional_too_high']);

-- Where the settlement asset is the asset that is held, a channel may have both to be paid out.
DROP INDEX payouts_unfunded;
CREATE UNIQUE INDEX payouts_unfunded ON payouts (channel_id, strategy, asset)
WHERE funded_at IS NULL AND channel_id IS NOT NULL;
