DELETE FROM usage WHERE rowid IN (
    SELECT stored_row FROM found WHERE n NOT IN (SELECT n FROM known WHERE keeps)
);

INSERT INTO usage BY NAME
    SELECT * EXCLUDE (n, compare, store) FROM staged_part
    WHERE store AND n NOT IN (SELECT n FROM known WHERE keeps)
    ORDER BY client_id, type, resource_id, metric, part_start;

DROP TABLE staged_history;
DROP TABLE staged_part;
DROP TABLE found;
DROP TABLE known;
