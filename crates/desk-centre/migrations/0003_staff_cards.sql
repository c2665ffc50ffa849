-- The one staff card of each operator that is valid, by the serial number of its certificate.

ALTER TABLE operators ADD COLUMN staff_card TEXT;
