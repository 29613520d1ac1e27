-- The coins that owners can be paid in: decimals are ours and final, the rest is the provider's.
-- The table is small and read by key, so that its locks are short:
-- squawk-ignore-file constraint-missing-not-valid, adding-not-nullable-field

ALTER TABLE currencies
ADD COLUMN swap_decimals smallint,      -- digits that an amount to be swapped may have
ADD COLUMN memo text,                   -- whether a payout needs a memo or tag
ADD COLUMN is_offered boolean,          -- the provider sells it at a fixed rate; null: never asked
ADD COLUMN needs_memo boolean,          -- as the provider says
ADD COLUMN token_contract text,         -- likewise
ADD COLUMN legacy_ticker text,          -- likewise
ADD COLUMN refreshed_at timestamptz;

INSERT INTO currencies (id, ticker, network, decimals, payout_enabled)
SELECT ticker || ':' || network, ticker, network, decimals, true
FROM (VALUES
    ('usdt', 'eth', 6), ('usdc', 'eth', 6), ('dai', 'eth', 18), ('shib', 'eth', 18),
    ('link', 'eth', 18), ('wbtc', 'eth', 8),
    ('bnb', 'bsc', 18), ('usdt', 'bsc', 18), ('usdc', 'bsc', 18),
    ('trx', 'trx', 6), ('usdt', 'trx', 6),
    ('sol', 'sol', 9), ('usdt', 'sol', 6), ('usdc', 'sol', 6),
    ('ton', 'ton', 9), ('usdt', 'ton', 6),
    ('matic', 'matic', 18), ('usdt', 'matic', 6), ('usdc', 'matic', 6),
    ('eth', 'base', 18), ('usdc', 'base', 6),
    ('btc', 'btc', 8), ('ltc', 'ltc', 8), ('bch', 'bch', 8), ('doge', 'doge', 8),
    ('ada', 'ada', 6), ('xrp', 'xrp', 6), ('xlm', 'xlm', 7), ('xmr', 'xmr', 12), ('zec', 'zec', 8)
) AS coin (ticker, network, decimals);

UPDATE currencies
SET swap_decimals = least(decimals, 8),
    memo = CASE WHEN network IN ('xrp', 'xlm') THEN 'required'
                WHEN network = 'ton' THEN 'optional' ELSE 'none' END;

ALTER TABLE currencies
ALTER COLUMN swap_decimals SET NOT NULL,
ALTER COLUMN memo SET NOT NULL,
ADD CONSTRAINT currencies_swap_decimals CHECK (swap_decimals BETWEEN 0 AND decimals),
ADD CONSTRAINT currencies_memo CHECK (memo IN ('none', 'optional', 'required')),
ADD CONSTRAINT currencies_asked CHECK ((is_offered IS NULL) = (refreshed_at IS NULL));

-- For reports: an amount of base units in whole coins, with every digit that matters.
CREATE FUNCTION whole_coins(base_units numeric, decimals smallint) RETURNS numeric
LANGUAGE sql IMMUTABLE RETURN trim_scale(CAST(base_units::text || 'e-' || decimals AS numeric));
