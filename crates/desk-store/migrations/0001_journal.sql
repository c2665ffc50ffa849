-- The journal, its outbox position, and what is derived from it.

CREATE TABLE station (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    cell       TEXT NOT NULL,
    device     TEXT NOT NULL,
    generation INTEGER NOT NULL,
    outlet     TEXT NOT NULL,
    window     TEXT NOT NULL
) STRICT;

-- Newest row, and the last one that the centre has.
CREATE TABLE position (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    head_sequence INTEGER NOT NULL,
    head_hash     TEXT NOT NULL,
    acknowledged  INTEGER NOT NULL CHECK (acknowledged <= head_sequence)
) STRICT;

CREATE TABLE journal (
    sequence     INTEGER PRIMARY KEY,
    at_micros    INTEGER NOT NULL,
    case_id      BLOB,
    day          TEXT NOT NULL,
    kind         TEXT NOT NULL,
    code         TEXT,
    postings     TEXT NOT NULL,
    payload_hash TEXT NOT NULL,
    previous     TEXT NOT NULL,
    hash         TEXT NOT NULL,
    -- Nonce, ciphertext and tag; gone when the case is forgotten.
    sealed       BLOB
) STRICT;

CREATE INDEX journal_of_case ON journal (case_id, sequence) WHERE case_id IS NOT NULL;
CREATE INDEX journal_of_no_case ON journal (day, sequence) WHERE case_id IS NULL;

CREATE TRIGGER journal_keeps_rows BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'journal rows stay');
END;

CREATE TRIGGER journal_keeps_headers
BEFORE UPDATE OF sequence, at_micros, case_id, day, kind, code, postings, payload_hash, previous, hash ON journal
BEGIN
    SELECT RAISE(ABORT, 'journal headers stay');
END;

CREATE TRIGGER journal_only_forgets BEFORE UPDATE OF sealed ON journal WHEN NEW.sealed IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'payloads can only be forgotten');
END;

-- Owner: a case, or the pseudo-identifier of a day.
CREATE TABLE case_keys (
    owner BLOB PRIMARY KEY,
    key   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Last case sequence drawn on a day.
CREATE TABLE case_numbers (
    day  TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cases (
    case_id   BLOB PRIMARY KEY,
    day       TEXT NOT NULL,
    number    TEXT NOT NULL UNIQUE,
    header    TEXT NOT NULL,
    opened_by INTEGER NOT NULL UNIQUE REFERENCES journal (sequence),
    ended_by  INTEGER REFERENCES journal (sequence),
    ending    TEXT,
    CHECK ((ended_by IS NULL) = (ending IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX cases_of_day ON cases (day, opened_by);
CREATE INDEX cases_unfinished ON cases (opened_by) WHERE ending IS NULL;

CREATE TABLE postings (
    sequence INTEGER NOT NULL REFERENCES journal (sequence),
    line     INTEGER NOT NULL,
    day      TEXT NOT NULL,
    account  TEXT NOT NULL,
    amount   INTEGER NOT NULL,
    PRIMARY KEY (sequence, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX postings_of_day ON postings (day, sequence, line);

CREATE TABLE operators (
    id     TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE memory (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
