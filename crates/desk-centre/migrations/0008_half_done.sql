-- Claims of which one of two systems did its part and the other does not show it yet.

CREATE TABLE half_done (
    cell        TEXT        NOT NULL,
    reservation TEXT        NOT NULL,
    case_id     TEXT        NOT NULL,
    case_number TEXT        NOT NULL,
    code        TEXT        NOT NULL,
    since       TIMESTAMPTZ NOT NULL,
    tries       BIGINT      NOT NULL,
    last_tried  TIMESTAMPTZ NOT NULL,
    ended_at    TIMESTAMPTZ,
    PRIMARY KEY (cell, reservation)
);
CREATE INDEX half_done_open ON half_done (since) WHERE ended_at IS NULL;
