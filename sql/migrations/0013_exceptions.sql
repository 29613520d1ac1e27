-- Payments that go differently than planned, and what is told about them.
-- No deployment holds rows yet, so that no lock and no check of old rows is of consequence:
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, adding-field-with-default, require-concurrent-index-creation

-- Days of access that were given for what was paid beyond the price: at most nine times the order's.
ALTER TABLE payments
ADD COLUMN extra_days integer NOT NULL DEFAULT 0,
ADD CONSTRAINT payments_extra_days CHECK (
    extra_days BETWEEN 0 AND 8991 AND (extra_days = 0 OR received IS NOT NULL));

-- Until then nothing is paid out to the channel's owner: the wallet was changed.
ALTER TABLE channels
ADD COLUMN held_until timestamptz;

-- What the shares of a payout are worth by the market: so much leaves for its owner within a day.
ALTER TABLE payouts
DROP CONSTRAINT payouts_waiting_for_check,
ADD CONSTRAINT payouts_waiting_for_check CHECK (waiting_for IN (
    'cost_too_high', 'below_minimum', 'above_maximum', 'pair_unavailable', 'quote_off_market',
    'address_refused', 'destination_changed', 'nonce_lost', 'released', 'provider', 'day_cap')),
ADD COLUMN worth_cents bigint NOT NULL DEFAULT 0 CHECK (worth_cents >= 0);
CREATE INDEX payouts_sent ON payouts (funded_at) WHERE funded_at IS NOT NULL;
