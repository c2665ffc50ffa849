-- Cards that are made centrally: ordered, and put into use when they are handed over.

CREATE TABLE orders (
    cell           TEXT        NOT NULL,
    number         TEXT        NOT NULL,
    person         TEXT        NOT NULL,
    programme      TEXT        NOT NULL,
    what           JSONB       NOT NULL,
    outlet         TEXT        NOT NULL,
    ordered_at     TIMESTAMPTZ NOT NULL,
    handed_card    TEXT,
    handed_over_at TIMESTAMPTZ,
    PRIMARY KEY (cell, number),
    UNIQUE (number),
    CHECK ((handed_card IS NULL) = (handed_over_at IS NULL))
);
CREATE INDEX orders_of_person ON orders (cell, person, ordered_at);
