-- The identities of a batch that are asked for, numbered by n: the parts of the first
-- record of each, to be compared with what is stored.
CREATE OR REPLACE TEMP TABLE staged (
    n            INTEGER  NOT NULL,
    role         UTINYINT NOT NULL, -- bits; see stage.go
    client_id    BIGINT   NOT NULL,
    record_day   INTEGER  NOT NULL,
    day          INTEGER  NOT NULL,
    id           VARCHAR  NOT NULL,
    resource     BIGINT   NOT NULL,
    state        BIGINT   NOT NULL,
    record_start BIGINT   NOT NULL,
    part_start   BIGINT   NOT NULL,
    part_end     BIGINT   NOT NULL,
    units        HUGEINT  NOT NULL,
    grid         UTINYINT NOT NULL
);
