-- Refunds that the back office pays: the card is out of use, the money is due from a day on.

CREATE TABLE payouts (
    cell        TEXT        NOT NULL,
    reservation TEXT        NOT NULL,
    case_id     TEXT        NOT NULL,
    case_number TEXT        NOT NULL,
    programme   TEXT        NOT NULL,
    card_no     TEXT        NOT NULL,
    amount      BIGINT      NOT NULL CHECK (amount > 0),
    due_from    DATE        NOT NULL,
    since       TIMESTAMPTZ NOT NULL,
    paid_number TEXT,
    paid_amount BIGINT      CHECK (paid_amount BETWEEN 0 AND amount),
    paid_at     TIMESTAMPTZ,
    PRIMARY KEY (cell, reservation),
    UNIQUE (reservation),
    CHECK ((paid_number IS NULL) = (paid_amount IS NULL) AND (paid_number IS NULL) = (paid_at IS NULL))
);
CREATE INDEX payouts_open ON payouts (due_from) WHERE paid_number IS NULL;
