-- What is evidence stays as it was written, whoever is connected: rights alone do not bind the owner of the tables.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

-- The one change that a journal row knows: its sealed payload is forgotten when retention ends.
CREATE FUNCTION journal_only_forgets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sealed IS NOT NULL
       OR (NEW.cell, NEW.device, NEW.generation, NEW.sequence, NEW.at, NEW.outlet, NEW.day, NEW.kind,
           NEW.postings, NEW.payload_hash, NEW.previous, NEW.hash)
          IS DISTINCT FROM
          (OLD.cell, OLD.device, OLD.generation, OLD.sequence, OLD.at, OLD.outlet, OLD.day, OLD.kind,
           OLD.postings, OLD.payload_hash, OLD.previous, OLD.hash)
       OR (NEW.case_id, NEW.code) IS DISTINCT FROM (OLD.case_id, OLD.code) THEN
        RAISE EXCEPTION 'journal is append-only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER journal_stays BEFORE DELETE ON journal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_forgets BEFORE UPDATE ON journal FOR EACH ROW EXECUTE FUNCTION journal_only_forgets();
CREATE TRIGGER journal_is_not_emptied BEFORE TRUNCATE ON journal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER postings_stay BEFORE UPDATE OR DELETE ON postings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER postings_are_not_emptied BEFORE TRUNCATE ON postings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
