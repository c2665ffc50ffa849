-- The centre's first schema. Every key begins with its cell, so that a distributed PostgreSQL or one database per city
-- needs no new key. Times are given by the caller; the database's clock is never asked.

CREATE TABLE requests (
    cell       TEXT        NOT NULL,
    device     TEXT        NOT NULL,
    id         TEXT        NOT NULL,
    body       TEXT        NOT NULL,
    reply      TEXT,
    personal   BOOLEAN     NOT NULL DEFAULT FALSE,
    replied_at TIMESTAMPTZ,
    PRIMARY KEY (cell, device, id)
);
CREATE INDEX requests_personal ON requests (replied_at) WHERE personal;

CREATE TABLE devices (
    cell          TEXT   NOT NULL,
    device        TEXT   NOT NULL,
    generation    BIGINT NOT NULL,
    outlet        TEXT   NOT NULL,
    window_id     TEXT   NOT NULL,
    terminal      TEXT   NOT NULL,
    public_key    TEXT   NOT NULL,
    head_sequence BIGINT NOT NULL,
    head_hash     TEXT   NOT NULL,
    locked_at     TIMESTAMPTZ,
    PRIMARY KEY (cell, device)
);

CREATE TABLE enrolments (
    cell       TEXT        NOT NULL,
    code       TEXT        NOT NULL,
    device     TEXT        NOT NULL,
    generation BIGINT      NOT NULL,
    outlet     TEXT        NOT NULL,
    window_id  TEXT        NOT NULL,
    terminal   TEXT        NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_by    TEXT,
    PRIMARY KEY (cell, code)
);
CREATE UNIQUE INDEX enrolments_code ON enrolments (code);

CREATE TABLE operators (
    cell             TEXT   NOT NULL,
    operator         TEXT   NOT NULL,
    roles            TEXT[] NOT NULL,
    password         TEXT   NOT NULL,
    offline_verifier TEXT   NOT NULL,
    failures         BIGINT NOT NULL,
    locked_at        TIMESTAMPTZ,
    PRIMARY KEY (cell, operator)
);

CREATE TABLE sessions (
    cell       TEXT        NOT NULL,
    token      TEXT        NOT NULL,
    device     TEXT        NOT NULL,
    operator   TEXT        NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at   TIMESTAMPTZ,
    PRIMARY KEY (cell, token)
);

CREATE TABLE persons (
    cell           TEXT    NOT NULL,
    person         TEXT    NOT NULL,
    programme      TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    id_number      TEXT,
    ecard_number   TEXT,
    birth          DATE,
    class          TEXT    NOT NULL,
    school         TEXT    NOT NULL,
    guardian_name  TEXT,
    guardian_phone TEXT,
    open_order     TEXT,
    entitled       BOOLEAN NOT NULL,
    staff          TEXT,
    PRIMARY KEY (cell, person)
);
CREATE UNIQUE INDEX persons_number ON persons (programme, id_number);

CREATE TABLE cards (
    cell                TEXT    NOT NULL,
    card_no             TEXT    NOT NULL,
    programme           TEXT    NOT NULL,
    family              TEXT    NOT NULL,
    issuer              TEXT    NOT NULL,
    serial              TEXT    NOT NULL,
    holder_class        INTEGER NOT NULL,
    status              JSONB   NOT NULL,
    issued_on           DATE    NOT NULL,
    valid_until         DATE,
    transit_open        BOOLEAN NOT NULL,
    last_balance        BIGINT,
    last_online_counter INTEGER,
    holder              TEXT,
    suspended           JSONB,
    PRIMARY KEY (cell, card_no)
);
CREATE INDEX cards_number ON cards (card_no);
CREATE INDEX cards_holder ON cards (cell, holder);
CREATE UNIQUE INDEX cards_keys ON cards (upper(issuer), upper(serial));

CREATE TABLE blacklist (
    cell    TEXT        NOT NULL,
    card_no TEXT        NOT NULL,
    reason  TEXT        NOT NULL,
    since   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (cell, card_no)
);

-- "right" is a word of SQL.
CREATE TABLE claims (
    cell        TEXT        NOT NULL,
    number      TEXT        NOT NULL,
    right_key   TEXT        NOT NULL,
    epoch       TEXT        NOT NULL,
    state       TEXT        NOT NULL CHECK (state IN ('open', 'unknown', 'settled', 'released')),
    case_id     TEXT        NOT NULL,
    claim       JSONB       NOT NULL,
    reservation JSONB       NOT NULL,
    claimant    JSONB       NOT NULL,
    reserved_at TIMESTAMPTZ NOT NULL,
    detail      JSONB       NOT NULL,
    settled_at  TIMESTAMPTZ,
    PRIMARY KEY (cell, number)
);
CREATE UNIQUE INDEX claims_number ON claims (number);
CREATE UNIQUE INDEX claims_one_open ON claims (cell, right_key) WHERE state IN ('open', 'unknown');
CREATE UNIQUE INDEX claims_one_settled ON claims (cell, right_key, epoch) WHERE state = 'settled';

CREATE TABLE releases (
    cell        TEXT        NOT NULL,
    id          TEXT        NOT NULL,
    case_id     TEXT        NOT NULL,
    device      TEXT        NOT NULL,
    reservation TEXT        NOT NULL,
    card_no     TEXT        NOT NULL,
    counter     INTEGER,
    random      TEXT,
    ask         JSONB       NOT NULL,
    mac_at      TIMESTAMP   NOT NULL,
    released_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (cell, id)
);
CREATE INDEX releases_card ON releases (cell, card_no, released_at);

CREATE TABLE authorisations (
    cell       TEXT        NOT NULL,
    number     TEXT        NOT NULL,
    case_id    TEXT        NOT NULL,
    amount     BIGINT      NOT NULL,
    supervisor TEXT        NOT NULL,
    role       TEXT        NOT NULL,
    operator   TEXT        NOT NULL,
    reason     TEXT        NOT NULL,
    given_at   TIMESTAMPTZ NOT NULL,
    used_for   TEXT,
    PRIMARY KEY (cell, number)
);

CREATE TABLE series (
    cell  TEXT   NOT NULL,
    name  TEXT   NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (cell, name)
);

-- The header stays; the sealed payload and its key can be forgotten.
CREATE TABLE journal (
    cell         TEXT        NOT NULL,
    device       TEXT        NOT NULL,
    generation   BIGINT      NOT NULL,
    sequence     BIGINT      NOT NULL,
    at           TIMESTAMPTZ NOT NULL,
    outlet       TEXT        NOT NULL,
    day          DATE        NOT NULL,
    case_id      TEXT,
    kind         TEXT        NOT NULL,
    code         TEXT,
    postings     JSONB       NOT NULL,
    payload_hash TEXT        NOT NULL,
    previous     TEXT        NOT NULL,
    hash         TEXT        NOT NULL,
    sealed       TEXT,
    PRIMARY KEY (cell, device, generation, sequence)
);
CREATE INDEX journal_day ON journal (cell, outlet, day, kind);

CREATE TABLE case_keys (
    cell    TEXT NOT NULL,
    case_id TEXT NOT NULL,
    key     TEXT NOT NULL,
    PRIMARY KEY (cell, case_id)
);

CREATE TABLE postings (
    cell    TEXT        NOT NULL,
    source  TEXT        NOT NULL,
    line    INTEGER     NOT NULL,
    book    TEXT        NOT NULL CHECK (book IN ('desk', 'centre')),
    outlet  TEXT        NOT NULL,
    day     DATE        NOT NULL,
    at      TIMESTAMPTZ NOT NULL,
    case_id TEXT,
    account JSONB       NOT NULL,
    amount  BIGINT      NOT NULL,
    PRIMARY KEY (cell, source, line)
);
CREATE INDEX postings_day ON postings (cell, outlet, day, book);
