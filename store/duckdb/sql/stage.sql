-- The histories of a batch: the records of one identity, numbered. Those of one
-- record are single. Identities without id have the other three columns.
CREATE OR REPLACE TEMP TABLE staged_history (
    n            INTEGER NOT NULL,
    single       BOOLEAN NOT NULL,
    client_id    BIGINT  NOT NULL,
    record_day   INTEGER NOT NULL,
    id           VARCHAR NOT NULL,
    resource_id  VARCHAR NOT NULL,
    metric       VARCHAR NOT NULL,
    record_start BIGINT  NOT NULL
);
-- The parts of the first record of each history, to be compared with what is
-- stored, and of the last, to be stored.
CREATE OR REPLACE TEMP TABLE staged_part AS
    SELECT 0::INTEGER AS n, false AS compare, false AS store, usage.* FROM usage LIMIT 0;
