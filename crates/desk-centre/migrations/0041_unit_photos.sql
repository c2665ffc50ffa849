-- Photos of a unit's people, sent before their rows; each goes with its order, and what was left behind is forgotten.

CREATE TABLE unit_photos (
    cell    TEXT        NOT NULL,
    case_id TEXT        NOT NULL,
    sha256  TEXT        NOT NULL,
    photo   TEXT        NOT NULL,
    at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (cell, case_id, sha256)
);
CREATE INDEX unit_photos_by_age ON unit_photos (at);
