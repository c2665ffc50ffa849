-- Cards that gave no answer: what is owed is known when clearing knows it, and is paid at a window, to whoever the card was
-- taken in from.

ALTER TABLE payouts ALTER COLUMN amount DROP NOT NULL;
ALTER TABLE payouts ADD COLUMN payee TEXT;
ALTER TABLE payouts ADD CHECK (amount IS NOT NULL OR payee IS NOT NULL);
CREATE UNIQUE INDEX payouts_by_case ON payouts (case_number);
