-- How a desk that had the card decided a write of unknown end that another desk had begun.
CREATE TABLE decided_writes (
    cell        TEXT        NOT NULL,
    reservation TEXT        NOT NULL,
    case_id     TEXT        NOT NULL,
    device      TEXT        NOT NULL,
    write_end   JSONB       NOT NULL,
    decided_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (cell, reservation)
);
