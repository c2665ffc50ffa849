-- What each desk has signed for, one a batch. The key stands beside the signature: the desk may get another one later.

CREATE TABLE journal_heads (
    cell       TEXT        NOT NULL,
    device     TEXT        NOT NULL,
    generation BIGINT      NOT NULL,
    sequence   BIGINT      NOT NULL,
    hash       TEXT        NOT NULL,
    suite      TEXT        NOT NULL,
    public_key TEXT        NOT NULL,
    signature  TEXT        NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (cell, device, generation, sequence)
);

CREATE TRIGGER journal_heads_stay BEFORE UPDATE OR DELETE ON journal_heads
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_heads_are_not_emptied BEFORE TRUNCATE ON journal_heads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
