-- Made cards that are sent, come back, or go back to the centre because nobody came for them.

ALTER TABLE orders ADD COLUMN parcel JSONB;
ALTER TABLE orders ADD COLUMN sent_back_at TIMESTAMPTZ;
CREATE INDEX orders_open ON orders (outlet, ordered_at) WHERE handed_card IS NULL AND sent_back_at IS NULL;
