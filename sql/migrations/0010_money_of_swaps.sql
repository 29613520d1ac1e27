-- What payouts, shares, transfers and the ledger have to know of swaps.
-- No deployment holds rows yet, so that no lock and no check of old rows is of consequence:
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, require-concurrent-index-creation, require-concurrent-index-deletion, adding-foreign-key-constraint

ALTER TABLE payouts
DROP CONSTRAINT payouts_state_check,
DROP CONSTRAINT payouts_waiting_for_check,
DROP CONSTRAINT payouts_check4,
ADD COLUMN round integer NOT NULL DEFAULT 1, -- how often money in it has gone out, with this time
ADD CONSTRAINT payouts_state_check CHECK (state IN (
    'forming', 'waiting', 'swapping', 'sending', 'settled', 'returned', 'review')),
ADD CONSTRAINT payouts_waiting_for_check CHECK (waiting_for IN (
    'cost_too_high', 'below_minimum', 'above_maximum', 'pair_unavailable', 'quote_off_market',
    'address_refused', 'destination_changed', 'nonce_lost')),
ADD CONSTRAINT payouts_watched CHECK (
    (state IN ('settled', 'returned', 'review')) = (next_check_at IS NULL)),
ADD CONSTRAINT payouts_returned CHECK (state <> 'returned' OR funded_at IS NOT NULL),
ADD CONSTRAINT payouts_round CHECK (round >= 1);

-- What a share is worth in US cents: by the list's price and by the market's.
ALTER TABLE shares
ADD COLUMN list_cents bigint,
ADD COLUMN market_cents bigint,
ADD CONSTRAINT shares_worth CHECK (
    (list_cents IS NULL) = (market_cents IS NULL) AND list_cents >= 0 AND market_cents >= 0),
ADD CONSTRAINT shares_worth_known CHECK (state IN ('expected', 'reversed')
                                         OR list_cents IS NOT NULL);

ALTER TABLE transfers
DROP CONSTRAINT transfers_check,
DROP CONSTRAINT transfers_check2,
ADD COLUMN swap_id uuid, -- the swap that it funds; null: it pays the owner
ADD CONSTRAINT transfers_of_swap FOREIGN KEY (swap_id, payout_id) REFERENCES swaps (id, payout_id),
ADD COLUMN replacement text CHECK (replacement IN ('bump', 'cancel')), -- to be signed next
ADD COLUMN fills_nonce boolean NOT NULL DEFAULT false, -- its payout goes on without it
ADD CONSTRAINT transfers_nonce CHECK (
    state NOT IN ('signing', 'sent', 'mined', 'confirmed', 'reverted') OR nonce IS NOT NULL),
ADD CONSTRAINT transfers_mined CHECK (
    (state NOT IN ('mined', 'confirmed', 'reverted') AND (state <> 'cancelled' OR nonce IS NULL))
    OR (mined_hash IS NOT NULL AND mined_block IS NOT NULL AND mined_block_hash IS NOT NULL
        AND mined_succeeded IS NOT NULL AND gas_paid IS NOT NULL)),
ADD CONSTRAINT transfers_replacement CHECK (
    replacement IS NULL OR state IN ('signing', 'sent', 'mined'));

DROP INDEX transfers_once;
CREATE UNIQUE INDEX transfers_once ON transfers (payout_id)
WHERE state NOT IN ('cancelled', 'reverted') AND NOT fills_nonce;
-- However often an exchange is looked at, one transfer funds it.
CREATE UNIQUE INDEX transfers_per_swap ON transfers (swap_id) WHERE swap_id IS NOT NULL;

ALTER TABLE ledger_transactions
DROP CONSTRAINT ledger_transactions_kind_check,
ADD CONSTRAINT ledger_transactions_kind_check CHECK (kind IN (
    'finished', 'deposit_seen', 'signed', 'gas', 'returned', 'settled', 'reversed', 'top_up',
    'refund_seen'));

-- A transaction that paid our wallet is booked once: as a deposit, a refund or a top-up.
CREATE TABLE incoming_transactions (
    hash text PRIMARY KEY CHECK (hash ~ '^0x[0-9a-f]{64}$'),
    kind text NOT NULL CHECK (kind IN ('deposit_seen', 'refund_seen', 'top_up')),
    subject_id text NOT NULL, -- the payment, the swap, or the transaction itself
    counted_at timestamptz NOT NULL
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incoming_transactions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE review_items
DROP CONSTRAINT review_items_subject_kind_check,
ADD CONSTRAINT review_items_subject_kind_check CHECK (subject_kind IN (
    'payment', 'order', 'invite', 'join_request', 'share', 'payout', 'swap', 'transfer', 'wallet',
    'notice', 'dead_letter'));
