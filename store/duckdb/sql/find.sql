-- What is stored of the staged identities.
CREATE OR REPLACE TEMP TABLE found AS
    SELECT h.n, u.rowid AS stored_row, u.*
    FROM usage u JOIN staged_history h
      ON  u.client_id = h.client_id AND u.record_day = h.record_day AND u.id = h.id
      AND CASE WHEN u.id = '' THEN u.resource_id  ELSE '' END = h.resource_id
      AND CASE WHEN u.id = '' THEN u.metric       ELSE '' END = h.metric
      AND CASE WHEN u.id = '' THEN u.record_start ELSE 0  END = h.record_start;

-- Whether that is what the first record of the history says. A history keeps what
-- is stored if that is all it says. The parts of a record are different rows, by
-- their days, so that they can be compared as sets.
CREATE OR REPLACE TEMP TABLE known AS
    WITH stored AS (
        SELECT * EXCLUDE (stored_row) FROM found
    ), staged AS (
        SELECT * EXCLUDE (compare, store) FROM staged_part WHERE compare AND n IN (SELECT n FROM found)
    ), differing AS (
        SELECT n FROM (FROM stored EXCEPT FROM staged)
        UNION
        SELECT n FROM (FROM staged EXCEPT FROM stored)
    )
    SELECT n, same, same AND single AS keeps FROM (
        SELECT n, single, n NOT IN (FROM differing) AS same FROM staged_history WHERE n IN (SELECT n FROM found)
    );

SELECT n, same FROM known;
