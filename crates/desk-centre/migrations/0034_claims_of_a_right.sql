-- The last movements of a purse, newest first.

CREATE INDEX claims_of_right ON claims (cell, right_key, reserved_at DESC, number DESC);
