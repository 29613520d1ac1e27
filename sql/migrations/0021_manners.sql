-- How a person wants to be spoken to, and whether an owner wants to hear of every sale.
-- No deployment holds rows yet, so that no lock and no check of old rows is of consequence:
-- squawk-ignore-file adding-field-with-default, constraint-missing-not-valid

ALTER TABLE telegram_users
ADD COLUMN chosen_language text -- null: the language of the person's app
CHECK (chosen_language IN ('en', 'ru', 'es')),
ADD COLUMN time_zone text -- by its IANA name; null: UTC
CHECK (length(time_zone) BETWEEN 1 AND 64);

ALTER TABLE accounts
ADD COLUMN wants_news boolean NOT NULL DEFAULT false;
