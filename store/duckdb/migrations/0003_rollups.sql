-- The days on which clients used something, and whether their roll-up is right. A
-- transaction that changes parts of a day says here that it is not.
CREATE TABLE client_day (
    client_id BIGINT  NOT NULL,
    day       INTEGER NOT NULL,
    rolled    BOOLEAN NOT NULL
);
INSERT INTO client_day
    SELECT client_id, day, false FROM (SELECT DISTINCT client_id, day FROM part) ORDER BY day, client_id;

-- What the parts of a day add up to, by state and grid: the sums of the upper and
-- lower halves of their units, the first start, and of the part seen last its end
-- and the start and id of its record.
CREATE TABLE rollup (
    client_id    BIGINT   NOT NULL,
    day          INTEGER  NOT NULL,
    state        BIGINT   NOT NULL,
    grid         UTINYINT NOT NULL,
    upper_half   HUGEINT  NOT NULL,
    lower_half   HUGEINT  NOT NULL,
    first_start  BIGINT   NOT NULL,
    last_end     BIGINT   NOT NULL,
    record_start BIGINT   NOT NULL,
    id           VARCHAR  NOT NULL
);

-- The roll-ups as they should be.
CREATE VIEW summed_part AS
    SELECT client_id, day, state, grid, upper_half, lower_half, first_start,
        last.part_end AS last_end, last.record_start AS record_start, last.id AS id
    FROM (
        SELECT client_id, day, state, grid,
            sum((units >> 64)::BIGINT) AS upper_half, sum((units & 18446744073709551615)::UBIGINT) AS lower_half,
            min(part_start) AS first_start,
            max({'part_end': part_end, 'record_start': record_start, 'id': id}) AS last
        FROM part GROUP BY client_id, day, state, grid
    );
