-- What repeats from record to record is kept once and named by a number.
--
-- A resource is what usage is of. Its number never changes.
CREATE TABLE resource (
    number      BIGINT  NOT NULL, -- from 1
    client_id   BIGINT  NOT NULL,
    resource_id VARCHAR NOT NULL,
    metric      VARCHAR NOT NULL
);
INSERT INTO resource
    SELECT row_number() OVER (ORDER BY client_id, resource_id, metric), client_id, resource_id, metric
    FROM (SELECT DISTINCT client_id, resource_id, metric FROM usage);

-- A state is everything else that the records of a resource say beside times and
-- quantities. There are no two equal ones of a resource.
CREATE TABLE state (
    number             BIGINT  NOT NULL, -- from 1
    client_id          BIGINT  NOT NULL, -- of the resource
    resource           BIGINT  NOT NULL,
    project_id         BIGINT  NOT NULL,
    region_id          BIGINT  NOT NULL,
    type               VARCHAR NOT NULL,
    flavor             VARCHAR NOT NULL,
    name               VARCHAR NOT NULL,
    size               DECIMAL(29, 9),
    volume_type        VARCHAR NOT NULL,
    file_share_type    VARCHAR NOT NULL,
    instance_type      VARCHAR NOT NULL,
    ip_address         VARCHAR NOT NULL,
    attached_to_vm     VARCHAR NOT NULL,
    port_id            VARCHAR NOT NULL,
    network_id         VARCHAR NOT NULL,
    subnet_id          VARCHAR NOT NULL,
    vm_id              VARCHAR NOT NULL,
    instance_name      VARCHAR NOT NULL,
    source_volume_uuid VARCHAR NOT NULL,
    schedule_id        VARCHAR NOT NULL,
    size_unit          VARCHAR NOT NULL,
    tags               VARCHAR NOT NULL  -- a JSON object of texts ordered by key; '' for none
);
INSERT INTO state BY NAME
    SELECT row_number() OVER (ORDER BY resource) AS number, * FROM (
        SELECT DISTINCT u.client_id, r.number AS resource, project_id, region_id, type, flavor, name, size,
            volume_type, file_share_type, instance_type, ip_address, attached_to_vm, port_id, network_id, subnet_id,
            vm_id, instance_name, source_volume_uuid, schedule_id, size_unit, tags
        FROM usage u JOIN resource r USING (client_id, resource_id, metric)
    );

-- One row for each part of a usage record: what it consumed within one UTC day.
-- Days count from 1970-01-01 and instants are nanoseconds since then, both UTC.
CREATE TABLE part (
    client_id    BIGINT   NOT NULL,
    record_day   INTEGER  NOT NULL, -- of the record's start; part of its identity
    day          INTEGER  NOT NULL, -- of this part
    id           VARCHAR  NOT NULL, -- '' for none
    resource     BIGINT   NOT NULL,
    state        BIGINT   NOT NULL,
    record_start BIGINT   NOT NULL,
    part_start   BIGINT   NOT NULL,
    part_end     BIGINT   NOT NULL,
    units        HUGEINT  NOT NULL, -- the quantity is units / denominator(grid)
    grid         UTINYINT NOT NULL
);
INSERT INTO part BY NAME
    SELECT u.client_id, u.record_day, u.day, u.id, s.resource, s.number AS state,
        u.record_start, u.part_start, u.part_end, u.units, u.grid
    FROM usage u
    JOIN resource r ON r.client_id = u.client_id AND r.resource_id = u.resource_id AND r.metric = u.metric
    JOIN state s ON s.resource = r.number
        AND s.project_id = u.project_id AND s.region_id = u.region_id AND s.type = u.type AND s.flavor = u.flavor
        AND s.name = u.name AND s.size IS NOT DISTINCT FROM u.size AND s.volume_type = u.volume_type
        AND s.file_share_type = u.file_share_type AND s.instance_type = u.instance_type AND s.ip_address = u.ip_address
        AND s.attached_to_vm = u.attached_to_vm AND s.port_id = u.port_id AND s.network_id = u.network_id
        AND s.subnet_id = u.subnet_id AND s.vm_id = u.vm_id AND s.instance_name = u.instance_name
        AND s.source_volume_uuid = u.source_volume_uuid AND s.schedule_id = u.schedule_id
        AND s.size_unit = u.size_unit AND s.tags = u.tags
    ORDER BY u.record_day, u.part_start, u.client_id, s.resource;

DROP TABLE usage;

-- The parts with all that their records said.
CREATE VIEW usage AS
    SELECT p.client_id, p.day, p.id, p.record_start, p.part_start, p.part_end, p.units, p.grid,
        s.project_id, s.region_id, s.type, r.resource_id, r.metric, s.flavor, s.name, s.size,
        s.volume_type, s.file_share_type, s.instance_type, s.ip_address, s.attached_to_vm, s.port_id, s.network_id,
        s.subnet_id, s.vm_id, s.instance_name, s.source_volume_uuid, s.schedule_id, s.size_unit, s.tags,
        p.rowid AS stored_row
    FROM part p
    JOIN state s ON s.number = p.state AND s.client_id = p.client_id
    JOIN resource r ON r.number = p.resource AND r.client_id = p.client_id;

-- Counts the transactions that changed usage, so that whoever reads knows which of
-- them it sees.
CREATE TABLE commit_count (
    number BIGINT NOT NULL
);
INSERT INTO commit_count VALUES (0);
