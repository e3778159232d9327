-- What people and keys changed. Each entry has a hash over itself and the one before.
CREATE TABLE IF NOT EXISTS audit_entry (
    number     BIGINT  NOT NULL, -- from 1
    time       BIGINT  NOT NULL, -- nanoseconds since 1970-01-01 UTC
    actor      VARCHAR NOT NULL, -- the id of a key, or a name in brackets
    request_id VARCHAR NOT NULL,
    action     VARCHAR NOT NULL,
    subject    VARCHAR NOT NULL,
    details    VARCHAR NOT NULL, -- JSON, or ''
    hash       BLOB    NOT NULL  -- SHA-256, see package ledger
);

-- The last entry, kept apart: so it shows if that is gone.
CREATE TABLE IF NOT EXISTS audit_head (
    number BIGINT NOT NULL,
    hash   BLOB   NOT NULL
);
INSERT INTO audit_head SELECT 0, unhex(repeat('00', 32)) WHERE NOT EXISTS (FROM audit_head);
