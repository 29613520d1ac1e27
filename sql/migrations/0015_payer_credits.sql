-- What payers have with us: money that came as less than the price, and has bought nothing yet.
-- No deployment holds rows yet, so that no lock and no check of old rows is of consequence:
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, require-concurrent-index-creation, require-concurrent-index-deletion, adding-foreign-key-constraint

-- An order for the rest of another, of which a part was paid. Beside it there can be a fresh one.
ALTER TABLE orders
ADD COLUMN tops_up uuid REFERENCES orders,
DROP CONSTRAINT orders_price_cents_check,
ADD CONSTRAINT orders_price_cents_check CHECK (
    price_cents BETWEEN CASE WHEN tops_up IS NULL THEN 100 ELSE 1 END AND 999999);
DROP INDEX orders_open;
CREATE UNIQUE INDEX orders_open ON orders (telegram_user_id, tier_id, kind)
WHERE state = 'open' AND tops_up IS NULL;
CREATE INDEX orders_top_ups ON orders (tops_up) WHERE tops_up IS NOT NULL;
CREATE UNIQUE INDEX orders_open_top_up ON orders (tops_up) WHERE state = 'open';

-- A payment in part is watched until its credit is spent. What it then brings is less than the
-- order's days, or none of its own: they are in the period of the payment that completed it.
ALTER TABLE payments
DROP CONSTRAINT payments_check6,
ADD CONSTRAINT payments_watched CHECK (
    next_check_at IS NOT NULL
    OR NOT (status IN ('waiting', 'confirming', 'confirmed', 'sending'))),
ADD CONSTRAINT payments_unwatched CHECK (
    next_check_at IS NULL OR status IN (
        'waiting', 'confirming', 'confirmed', 'sending', 'partially_paid', 'finished')),
ADD CONSTRAINT payments_deposit_awaited CHECK (
    next_check_at IS NOT NULL OR deposit_seen_at IS NOT NULL
    OR NOT (status = 'finished' OR (status = 'partially_paid' AND received IS NOT NULL))),
DROP CONSTRAINT payments_extra_days,
ADD CONSTRAINT payments_extra_days CHECK (
    extra_days BETWEEN -999 AND 8991 AND (extra_days = 0 OR received IS NOT NULL));

CREATE TABLE payer_credits (
    id uuid PRIMARY KEY,
    payment_id uuid NOT NULL UNIQUE REFERENCES payments, -- which is what a tick looks at
    order_id uuid NOT NULL REFERENCES orders, -- what was to be bought; never one for a rest
    amount numeric(78, 0) NOT NULL CHECK (amount > 0),
    asset text NOT NULL REFERENCES currencies,
    value_cents bigint NOT NULL CHECK (value_cents BETWEEN 0 AND 9999990), -- of the order's price
    state text NOT NULL CHECK (state IN (
        'open', 'to_refund', 'taken', 'used', 'refunded', 'withdrawn')),
    payable_until timestamptz NOT NULL, -- the rest; then it turns into days
    created_at timestamptz NOT NULL
);
CREATE INDEX payer_credits_unspent ON payer_credits (order_id)
WHERE state IN ('open', 'to_refund');
CREATE INDEX payer_credits_due ON payer_credits (payable_until) WHERE state IN ('open', 'taken');

ALTER TABLE ledger_transactions
DROP CONSTRAINT ledger_transactions_kind_check,
ADD CONSTRAINT ledger_transactions_kind_check CHECK (kind IN (
    'finished', 'deposit_seen', 'signed', 'gas', 'returned', 'settled', 'reversed', 'top_up',
    'refund_seen', 'converted', 'underpaid', 'credit_used', 'credit_refunded',
    'credit_withdrawn'));
