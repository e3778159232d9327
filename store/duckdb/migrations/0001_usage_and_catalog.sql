-- One row for each part of a usage record: what it consumed within one UTC day.
-- Days count from 1970-01-01 and instants are nanoseconds since then, both UTC.
-- A text that was not given is '', so that no text is NULL.
CREATE TABLE usage (
    client_id          BIGINT   NOT NULL,
    record_day         INTEGER  NOT NULL, -- of the record's start; part of its identity
    day                INTEGER  NOT NULL, -- of this part
    id                 VARCHAR  NOT NULL,
    record_start       BIGINT   NOT NULL,
    part_start         BIGINT   NOT NULL,
    part_end           BIGINT   NOT NULL,
    units              HUGEINT  NOT NULL, -- the quantity is units / denominator(grid)
    grid               UTINYINT NOT NULL,
    project_id         BIGINT   NOT NULL,
    region_id          BIGINT   NOT NULL,
    type               VARCHAR  NOT NULL,
    resource_id        VARCHAR  NOT NULL,
    metric             VARCHAR  NOT NULL,
    flavor             VARCHAR  NOT NULL,
    name               VARCHAR  NOT NULL,
    size               DECIMAL(29, 9),
    volume_type        VARCHAR  NOT NULL,
    file_share_type    VARCHAR  NOT NULL,
    instance_type      VARCHAR  NOT NULL,
    ip_address         VARCHAR  NOT NULL,
    attached_to_vm     VARCHAR  NOT NULL,
    port_id            VARCHAR  NOT NULL,
    network_id         VARCHAR  NOT NULL,
    subnet_id          VARCHAR  NOT NULL,
    vm_id              VARCHAR  NOT NULL,
    instance_name      VARCHAR  NOT NULL,
    source_volume_uuid VARCHAR  NOT NULL,
    schedule_id        VARCHAR  NOT NULL,
    size_unit          VARCHAR  NOT NULL,
    tags               VARCHAR  NOT NULL  -- a JSON object of texts ordered by key; '' for none
);

-- Every entry of the catalog is one JSON document, so that it comes back exactly
-- as it was applied. The server reads all of them when it starts.
CREATE TABLE catalog_entry (
    kind     VARCHAR NOT NULL,
    key      VARCHAR NOT NULL,
    document VARCHAR NOT NULL,
    PRIMARY KEY (kind, key)
);

CREATE TABLE catalog_version (
    version BIGINT NOT NULL
);
INSERT INTO catalog_version VALUES (0);

CREATE TABLE api_key (
    id        VARCHAR PRIMARY KEY,
    role      VARCHAR NOT NULL,
    client_id BIGINT  NOT NULL,
    projects  BIGINT[] NOT NULL,
    hash      BLOB    NOT NULL, -- SHA-256 of the secret
    created   BIGINT  NOT NULL  -- nanoseconds since 1970-01-01 UTC
);
