-- Double entry, append only. The database itself refuses a transaction that does not balance.

CREATE TABLE ledger_transactions (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN (
        'finished', 'deposit_seen', 'signed', 'gas', 'returned', 'settled', 'reversed', 'top_up')),
    subject_id text NOT NULL, -- the payment, transfer or deposit that it is about
    occurred_at timestamptz NOT NULL,
    UNIQUE (kind, subject_id)
);

CREATE TABLE ledger_entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_id uuid NOT NULL REFERENCES ledger_transactions,
    account text NOT NULL CHECK (account IN (
        'owner_payable', 'paid_out', 'provider_receivable', 'host_wallet', 'in_flight', 'cleared',
        'exchange', 'platform_fee', 'gas_float', 'gas_cost', 'payer_credit', 'difference',
        'capital')),
    channel_id uuid REFERENCES channels,
    asset text NOT NULL REFERENCES currencies,
    amount numeric(78, 0) NOT NULL CHECK (amount <> 0), -- positive: debit; negative: credit
    CHECK ((account IN ('owner_payable', 'paid_out')) = (channel_id IS NOT NULL))
);
CREATE INDEX ledger_entries_by_transaction ON ledger_entries (transaction_id);
CREATE INDEX ledger_entries_by_account ON ledger_entries (account, channel_id, asset)
INCLUDE (amount);

CREATE FUNCTION check_ledger_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked uuid;
BEGIN
    IF TG_TABLE_NAME = 'ledger_transactions' THEN
        checked := NEW.id;
    ELSE
        checked := NEW.transaction_id;
    END IF;
    IF (SELECT count(*) FROM ledger_entries WHERE transaction_id = checked) < 2 THEN
        RAISE EXCEPTION 'ledger transaction % has fewer than two entries', checked
            USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM ledger_entries WHERE transaction_id = checked
               GROUP BY asset HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'ledger transaction % does not sum to zero per asset', checked
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_transaction_balances AFTER INSERT ON ledger_transactions
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ledger_balance();
CREATE CONSTRAINT TRIGGER ledger_entry_balances AFTER INSERT ON ledger_entries
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ledger_balance();

-- Roles take these rights away too (roles.sql); the trigger also binds the tables' owner.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
