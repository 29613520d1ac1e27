-- Threshold payouts: what is collected is converted in a pool, held, and paid out as a batch.
-- No deployment holds rows yet, so that no lock and no check of old rows is of consequence:
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, require-concurrent-index-creation, require-concurrent-index-deletion, ban-drop-not-null, adding-field-with-default

-- A conversion is a payout to ourselves: it has no channel, and goes the same way as all others.
ALTER TABLE payouts
ALTER COLUMN channel_id DROP NOT NULL,
DROP CONSTRAINT payouts_waiting_for_check,
ADD CONSTRAINT payouts_waiting_for_check CHECK (waiting_for IN (
    'cost_too_high', 'below_minimum', 'above_maximum', 'pair_unavailable', 'quote_off_market',
    'address_refused', 'destination_changed', 'nonce_lost', 'released', 'provider')),
ADD CONSTRAINT payouts_conversion CHECK (
    channel_id IS NOT NULL OR (strategy = 'threshold' AND destination_asset <> asset));
DROP INDEX payouts_unfunded;
CREATE UNIQUE INDEX payouts_unfunded ON payouts (channel_id, asset)
WHERE funded_at IS NULL AND channel_id IS NOT NULL;
CREATE UNIQUE INDEX conversions_unfunded ON payouts (asset)
WHERE funded_at IS NULL AND channel_id IS NULL;

-- What a share gave to a conversion that settled, and what it got of its result.
ALTER TABLE payout_shares
ADD COLUMN weight numeric(78, 0) CHECK (weight >= 0), -- the payout's asset
ADD COLUMN part numeric(78, 0) CHECK (part >= 0),     -- its destination's asset
ADD CONSTRAINT payout_shares_part_whole CHECK ((weight IS NULL) = (part IS NULL));
CREATE INDEX payout_shares_by_share ON payout_shares (share_id);
-- What a conversion made of a share is carried by a payout of its own.
DROP INDEX payout_shares_once;
CREATE UNIQUE INDEX payout_shares_once ON payout_shares (share_id)
WHERE released_at IS NULL AND part IS NULL;

-- The pool is looked for without a channel, the oldest first.
CREATE INDEX shares_pending ON shares (asset, created_at, id) WHERE state = 'pending';

ALTER TABLE channels
ADD COLUMN wants_payout boolean NOT NULL DEFAULT false; -- all that is held goes out next

ALTER TABLE ledger_transactions
DROP CONSTRAINT ledger_transactions_kind_check,
ADD CONSTRAINT ledger_transactions_kind_check CHECK (kind IN (
    'finished', 'deposit_seen', 'signed', 'gas', 'returned', 'settled', 'reversed', 'top_up',
    'refund_seen', 'converted'));
ALTER TABLE incoming_transactions
DROP CONSTRAINT incoming_transactions_kind_check,
ADD CONSTRAINT incoming_transactions_kind_check CHECK (kind IN (
    'deposit_seen', 'refund_seen', 'top_up', 'converted'));

-- What is held for each owner, in base units of USDT: the sum of the channel's held shares, kept by
-- the database itself, so that a tick finds who is due without reading every share.
CREATE TABLE held_balances (
    channel_id uuid PRIMARY KEY REFERENCES channels,
    asset text NOT NULL REFERENCES currencies CHECK (asset = 'usdt:eth'),
    amount numeric(78, 0) NOT NULL CHECK (amount >= 0),
    since timestamptz NOT NULL -- when the oldest share came that was ever held
);

CREATE FUNCTION keep_held_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    more numeric(78, 0) := 0;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = 'held' THEN
        more := more - OLD.amount;
    END IF;
    IF NEW.state = 'held' THEN
        more := more + NEW.amount;
    END IF;
    IF more < 0 THEN
        UPDATE held_balances SET amount = amount + more WHERE channel_id = NEW.channel_id;
    ELSIF more > 0 THEN
        INSERT INTO held_balances AS b (channel_id, asset, amount, since)
        VALUES (NEW.channel_id, NEW.asset, more, NEW.created_at)
        ON CONFLICT (channel_id) DO UPDATE SET amount = b.amount + excluded.amount;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keeps_held_balance_of_new AFTER INSERT ON shares
FOR EACH ROW WHEN (NEW.state = 'held') EXECUTE FUNCTION keep_held_balance();
CREATE TRIGGER keeps_held_balance AFTER UPDATE ON shares
FOR EACH ROW WHEN (OLD.state = 'held' OR NEW.state = 'held') EXECUTE FUNCTION keep_held_balance();
