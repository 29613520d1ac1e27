-- What is owed to owners, and the transfers that pay it. Amounts are base units of their asset.

CREATE TABLE payouts (
    id uuid PRIMARY KEY,
    channel_id uuid NOT NULL REFERENCES channels,
    strategy text NOT NULL CHECK (strategy IN ('instant', 'threshold')),
    state text NOT NULL CHECK (state IN (
        'forming', 'waiting', 'swapping', 'sending', 'settled', 'review')),
    asset text NOT NULL REFERENCES currencies,
    amount numeric(78, 0) NOT NULL CHECK (amount >= 0),
    destination_asset text NOT NULL REFERENCES currencies, -- frozen when the payout formed
    destination_address text NOT NULL,
    destination_memo text,
    waiting_for text CHECK (waiting_for IN ('cost_too_high')),
    funded_at timestamptz, -- bytes that move its money exist
    settled_at timestamptz,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    next_check_at timestamptz,
    deadline_at timestamptz,
    created_at timestamptz NOT NULL,
    CHECK ((state = 'waiting') = (waiting_for IS NOT NULL)),
    CHECK ((state = 'settled') = (settled_at IS NOT NULL)),
    CHECK (state <> 'settled' OR funded_at IS NOT NULL),
    CHECK (state IN ('forming', 'waiting') OR amount > 0),
    CHECK ((state IN ('settled', 'review')) = (next_check_at IS NULL)),
    CHECK ((next_check_at IS NULL) = (deadline_at IS NULL))
);
CREATE UNIQUE INDEX payouts_unfunded ON payouts (channel_id) WHERE funded_at IS NULL;
CREATE INDEX payouts_due ON payouts (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX payouts_overdue ON payouts (deadline_at) WHERE deadline_at IS NOT NULL;

-- A share is an owner's part of one payment, or a residue of a payout: shares by state always
-- equal what the ledger says is payable to the owner.
CREATE TABLE shares (
    id uuid PRIMARY KEY,
    channel_id uuid NOT NULL REFERENCES channels,
    kind text NOT NULL CHECK (kind IN ('payment', 'dust', 'refund')),
    payment_id uuid UNIQUE REFERENCES payments,
    residue_of uuid REFERENCES payouts,
    asset text NOT NULL REFERENCES currencies,
    amount numeric(78, 0) NOT NULL CHECK (amount > 0),
    state text NOT NULL CHECK (state IN (
        'expected', 'pending', 'converting', 'held', 'locked', 'paid', 'reversed')),
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    next_check_at timestamptz,
    deadline_at timestamptz,
    created_at timestamptz NOT NULL,
    CHECK ((kind = 'payment') = (payment_id IS NOT NULL)),
    CHECK ((kind = 'payment') = (residue_of IS NULL)),
    -- expected shares are watched by their payment, locked ones by their payout
    CHECK ((state = 'pending') = (next_check_at IS NOT NULL)),
    CHECK ((next_check_at IS NULL) = (deadline_at IS NULL))
);
CREATE INDEX shares_waiting ON shares (channel_id, state) WHERE state NOT IN ('paid', 'reversed');
CREATE INDEX shares_due ON shares (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX shares_overdue ON shares (deadline_at) WHERE deadline_at IS NOT NULL;

CREATE TABLE payout_shares (
    payout_id uuid NOT NULL REFERENCES payouts,
    share_id uuid NOT NULL REFERENCES shares,
    released_at timestamptz, -- the share went back to its owner's balance
    PRIMARY KEY (payout_id, share_id)
);
CREATE UNIQUE INDEX payout_shares_once ON payout_shares (share_id) WHERE released_at IS NULL;

CREATE TABLE wallets (
    address text PRIMARY KEY CHECK (address ~ '^0x[0-9a-fA-F]{40}$'),
    chain_id bigint NOT NULL CHECK (chain_id > 0),
    next_nonce bigint NOT NULL CHECK (next_nonce >= 0),
    frozen_because text,
    created_at timestamptz NOT NULL
);

CREATE TABLE transfers (
    id uuid PRIMARY KEY,
    payout_id uuid NOT NULL REFERENCES payouts,
    wallet_address text NOT NULL REFERENCES wallets,
    asset text NOT NULL REFERENCES currencies,
    amount numeric(78, 0) NOT NULL CHECK (amount > 0),
    destination text NOT NULL CHECK (destination ~ '^0x[0-9a-fA-F]{40}$'),
    state text NOT NULL CHECK (state IN (
        'requested', 'authorized', 'signing', 'sent', 'mined', 'confirmed', 'cancelled',
        'reverted', 'review')),
    nonce bigint CHECK (nonce >= 0),
    claim_token uuid,
    claimed_until timestamptz,
    mined_hash text,
    mined_block bigint,
    mined_block_hash text,
    mined_succeeded boolean,
    gas_paid numeric(78, 0) CHECK (gas_paid >= 0), -- wei
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    next_check_at timestamptz,
    deadline_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (wallet_address, nonce),
    CHECK (state NOT IN ('signing', 'sent', 'mined', 'confirmed', 'cancelled', 'reverted')
           OR nonce IS NOT NULL),
    CHECK (state NOT IN ('requested', 'authorized') OR nonce IS NULL),
    CHECK (state NOT IN ('mined', 'confirmed', 'reverted')
           OR (mined_hash IS NOT NULL AND mined_block IS NOT NULL
               AND mined_block_hash IS NOT NULL AND mined_succeeded IS NOT NULL
               AND gas_paid IS NOT NULL)),
    CHECK ((state IN ('confirmed', 'cancelled', 'reverted', 'review')) = (next_check_at IS NULL)),
    CHECK ((next_check_at IS NULL) = (deadline_at IS NULL)),
    CHECK ((claim_token IS NULL) = (claimed_until IS NULL))
);
-- One transfer per payout, unless the chain itself gave the money back.
CREATE UNIQUE INDEX transfers_once ON transfers (payout_id)
WHERE state NOT IN ('cancelled', 'reverted');
CREATE INDEX transfers_unfinished ON transfers (wallet_address, state)
WHERE state IN ('authorized', 'signing', 'sent', 'mined');
CREATE INDEX transfers_due ON transfers (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX transfers_overdue ON transfers (deadline_at) WHERE deadline_at IS NOT NULL;

-- Every set of bytes we ever signed for a transfer, all on the transfer's own nonce.
CREATE TABLE transfer_attempts (
    id uuid PRIMARY KEY,
    transfer_id uuid NOT NULL REFERENCES transfers,
    kind text NOT NULL CHECK (kind IN ('send', 'bump', 'cancel')),
    raw bytea NOT NULL,
    hash text NOT NULL UNIQUE CHECK (hash ~ '^0x[0-9a-f]{64}$'),
    max_fee numeric(78, 0) NOT NULL CHECK (max_fee > 0), -- wei per gas
    max_priority_fee numeric(78, 0) NOT NULL CHECK (max_priority_fee BETWEEN 0 AND max_fee),
    gas_limit bigint NOT NULL CHECK (gas_limit >= 21000),
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX transfer_attempts_first ON transfer_attempts (transfer_id)
WHERE kind = 'send';
CREATE INDEX transfer_attempts_by_transfer ON transfer_attempts (transfer_id);

-- Money that an authorised transfer may spend and no other may.
CREATE TABLE reservations (
    transfer_id uuid PRIMARY KEY REFERENCES transfers,
    asset text NOT NULL REFERENCES currencies,
    amount numeric(78, 0) NOT NULL CHECK (amount > 0),
    gas numeric(78, 0) NOT NULL CHECK (gas > 0), -- worst case, wei
    created_at timestamptz NOT NULL
);
