-- Each version of the catalog, and what makes it of the one before. The first is of the
-- catalog as it is now: what was changed before was not kept.
CREATE TABLE IF NOT EXISTS catalog_history (
    version    BIGINT  NOT NULL,
    time       BIGINT  NOT NULL, -- nanoseconds since 1970-01-01 UTC; never less than before
    actor      VARCHAR NOT NULL, -- the id of a key, or a name in brackets
    request_id VARCHAR NOT NULL,
    entries    BIGINT  NOT NULL  -- how many entries the version changes
);
INSERT INTO catalog_history SELECT version, epoch_ns(now()), '(server)', '', 0 FROM catalog_version WHERE NOT EXISTS (FROM catalog_history);

CREATE TABLE IF NOT EXISTS catalog_change (
    version BIGINT  NOT NULL,
    kind    VARCHAR NOT NULL, -- of catalog_entry, as the next two
    key     VARCHAR NOT NULL,
    before  VARCHAR NOT NULL, -- the document; '' if the entry is new
    after   VARCHAR NOT NULL  -- the document; '' if the entry is gone
);
