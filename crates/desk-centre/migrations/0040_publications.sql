-- What head office publishes and does: rule sets and days under a signature, reservations given back, write-offs. Evidence;
-- nothing of it is ever changed.

CREATE TABLE publications (
    cell         TEXT        NOT NULL,
    number       BIGINT      NOT NULL CHECK (number > 0),
    kind         TEXT        NOT NULL,
    programme    TEXT        NOT NULL,
    version      TEXT        NOT NULL,
    effective    DATE        NOT NULL,
    name         TEXT        NOT NULL,
    text         TEXT        NOT NULL,
    published_by TEXT        NOT NULL,
    approved_by  TEXT        NOT NULL CHECK (approved_by <> published_by),
    at           TIMESTAMPTZ NOT NULL,
    signature    TEXT        NOT NULL,
    PRIMARY KEY (cell, number),
    UNIQUE (cell, kind, programme, version)
);

CREATE TABLE office_acts (
    cell     TEXT        NOT NULL,
    number   TEXT        NOT NULL,
    subject  TEXT        NOT NULL,
    what     JSONB       NOT NULL,
    operator TEXT        NOT NULL,
    second   TEXT        NOT NULL CHECK (second <> operator),
    reason   TEXT        NOT NULL,
    device   TEXT        NOT NULL,
    at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (cell, number),
    UNIQUE (subject)
);

CREATE INDEX claims_undecided ON claims (reserved_at) WHERE state IN ('open', 'unknown');
CREATE INDEX releases_reservation ON releases (reservation);

CREATE TRIGGER publications_stay BEFORE UPDATE OR DELETE ON publications FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER publications_are_not_emptied BEFORE TRUNCATE ON publications FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER office_acts_stay BEFORE UPDATE OR DELETE ON office_acts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER office_acts_are_not_emptied BEFORE TRUNCATE ON office_acts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
