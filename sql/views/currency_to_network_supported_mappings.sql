-- One row per coin and network: whether an owner may choose it now, and what it needs.
CREATE VIEW currency_to_network_supported_mappings AS
SELECT
    upper(ticker) AS currency,
    upper(network) AS network,
    decimals,
    swap_decimals,
    memo,
    token_contract,
    payout_enabled AND coalesce(is_offered, false) AS is_supported,
    refreshed_at
FROM currencies;
