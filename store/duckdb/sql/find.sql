-- The stored parts of the staged identities, and whether the first record has the
-- same one. The days, which the join would find out too, are given beforehand.
CREATE OR REPLACE TEMP TABLE found AS
    SELECT h.n, p.client_id, p.day, p.rowid AS stored_row, c.n IS NOT NULL AS same
    FROM part p
    JOIN staged h
      ON  h.role & 1 > 0 AND h.client_id = p.client_id AND h.record_day = p.record_day AND %[1]s
    LEFT JOIN staged c
      ON  c.role & 2 > 0 AND c.n = h.n AND c.day = p.day AND c.state = p.state AND c.record_start = p.record_start
      AND c.part_start = p.part_start AND c.part_end = p.part_end AND c.units = p.units AND c.grid = p.grid
    WHERE p.record_day BETWEEN %[2]d AND %[3]d;

-- Of each identity, whether those parts are all there is of the first record.
SELECT n, bool_and(same), count(*) FROM found GROUP BY n;
