-- Functions of a card that other systems keep (social security, bank), as they were last heard.

ALTER TABLE cards ADD COLUMN functions JSONB NOT NULL DEFAULT '[]';
