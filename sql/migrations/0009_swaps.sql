-- Swaps into the owner's coin. Amounts are base units of the asset in the column's name or comment.

CREATE TABLE swaps (
    id uuid PRIMARY KEY,
    payout_id uuid NOT NULL REFERENCES payouts,
    state text NOT NULL CHECK (state IN (
        'quoting', 'quoted', 'creating', 'created', 'funded', 'finished', 'refunded', 'abandoned',
        'review')),
    sold_asset text NOT NULL REFERENCES currencies,
    sold numeric(78, 0) NOT NULL CHECK (sold > 0), -- what funds the exchange
    bought_asset text NOT NULL REFERENCES currencies,
    destination_address text NOT NULL,
    destination_memo text,
    -- what was quoted
    rate_id text,
    quoted numeric(78, 0) CHECK (quoted > 0),               -- bought
    deposit_fee numeric(78, 0) CHECK (deposit_fee >= 0),    -- sold
    withdrawal_fee numeric(78, 0) CHECK (withdrawal_fee >= 0), -- bought
    market numeric(78, 0) CHECK (market > 0),               -- bought, before fees, for the books
    quoted_at timestamptz,
    quote_ends_at timestamptz,
    -- the exchange that was adopted
    exchange_id text UNIQUE,
    payin_address text UNIQUE CHECK (payin_address ~ '^0x[0-9a-fA-F]{40}$'),
    promised numeric(78, 0) CHECK (promised > 0),           -- bought
    promise_ends_at timestamptz,
    provider_status text,
    -- how it ended
    bought numeric(78, 0) CHECK (bought >= 0),              -- what reached the owner
    payout_hash text,
    refunded numeric(78, 0) CHECK (refunded > 0),           -- sold asset, seen at our wallet
    refund_hash text UNIQUE CHECK (refund_hash ~ '^0x[0-9a-f]{64}$'),
    abandoned_because text CHECK (abandoned_because IN (
        'answer_lost', 'quote_dead', 'cancelled', 'reverted', 'stood_down')),
    claim_token uuid,
    claimed_until timestamptz,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    next_check_at timestamptz,
    deadline_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (id, payout_id), -- so that a transfer and its swap are of the same payout
    CONSTRAINT swaps_quote_whole CHECK (
        (rate_id IS NULL) = (quoted IS NULL) AND (rate_id IS NULL) = (market IS NULL)
        AND (rate_id IS NULL) = (deposit_fee IS NULL)
        AND (rate_id IS NULL) = (withdrawal_fee IS NULL)
        AND (rate_id IS NULL) = (quoted_at IS NULL)
        AND (rate_id IS NULL) = (quote_ends_at IS NULL)),
    CONSTRAINT swaps_exchange_whole CHECK (
        (exchange_id IS NULL) = (payin_address IS NULL)
        AND (exchange_id IS NULL) = (promised IS NULL)
        AND (exchange_id IS NULL) = (promise_ends_at IS NULL)),
    CONSTRAINT swaps_quoted CHECK (
        state NOT IN ('quoted', 'creating', 'created', 'funded', 'finished', 'refunded')
        OR rate_id IS NOT NULL),
    CONSTRAINT swaps_created CHECK (
        state NOT IN ('created', 'funded', 'finished', 'refunded') OR exchange_id IS NOT NULL),
    CONSTRAINT swaps_finished CHECK ((state = 'finished') = (bought IS NOT NULL)),
    CONSTRAINT swaps_paid_whole CHECK ((bought IS NULL) = (payout_hash IS NULL)),
    CONSTRAINT swaps_refunded CHECK (
        (state = 'refunded') = (refunded IS NOT NULL AND refund_hash IS NOT NULL)),
    CONSTRAINT swaps_refund_whole CHECK ((refunded IS NULL) = (refund_hash IS NULL)),
    CONSTRAINT swaps_abandoned CHECK ((state = 'abandoned') = (abandoned_because IS NOT NULL)),
    CONSTRAINT swaps_watched CHECK (
        (state IN ('finished', 'refunded', 'abandoned', 'review')) = (next_check_at IS NULL)),
    CONSTRAINT swaps_watch_whole CHECK ((next_check_at IS NULL) = (deadline_at IS NULL)),
    CONSTRAINT swaps_claim_whole CHECK ((claim_token IS NULL) = (claimed_until IS NULL))
);
-- One swap per payout, unless it moved nothing or the chain gave its money back.
CREATE UNIQUE INDEX swaps_once ON swaps (payout_id) WHERE state NOT IN ('abandoned', 'refunded');
CREATE INDEX swaps_by_payout ON swaps (payout_id);
CREATE INDEX swaps_due ON swaps (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX swaps_overdue ON swaps (deadline_at) WHERE deadline_at IS NOT NULL;

-- What the provider said about a swap, word for word; an orphan is an exchange nobody will fund.
CREATE TABLE swap_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    swap_id uuid NOT NULL REFERENCES swaps,
    kind text NOT NULL CHECK (kind IN ('created', 'difference', 'orphan', 'status')),
    body text NOT NULL,
    occurred_at timestamptz NOT NULL
);
CREATE INDEX swap_events_by_swap ON swap_events (swap_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON swap_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
