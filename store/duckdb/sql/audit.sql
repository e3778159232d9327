-- The findings of some clients.
WITH stored AS (
    FROM part WHERE %[1]s
), listed AS (
    FROM client_day WHERE %[1]s
), rolled_day AS (
    SELECT DISTINCT client_id, day FROM listed WHERE rolled
), right_sum AS (
    FROM (FROM summed_part WHERE %[1]s) SEMI JOIN rolled_day USING (client_id, day)
), kept_sum AS (
    FROM (FROM rollup WHERE %[1]s) SEMI JOIN rolled_day USING (client_id, day)
), difference AS (
    SELECT COALESCE(k.client_id, r.client_id) AS client_id, COALESCE(k.day, r.day) AS day, COALESCE(k.state, r.state) AS state, CASE
        WHEN k.state IS NULL THEN 'the roll-up lacks what records say'
        WHEN r.state IS NULL THEN 'the roll-up has what no record says'
        WHEN (k.upper_half, k.lower_half) <> (r.upper_half, r.lower_half) THEN format(
            'the roll-up says {} units on grid {}, records say {}',
            COALESCE(TRY(k.upper_half * 18446744073709551616 + k.lower_half)::VARCHAR, 'too many'), k.grid,
            COALESCE(TRY(r.upper_half * 18446744073709551616 + r.lower_half)::VARCHAR, 'too many'))
        ELSE 'the roll-up and the records differ in what was seen first or last' END AS message
    FROM kept_sum k FULL JOIN right_sum r ON k.client_id = r.client_id AND k.day = r.day AND k.state = r.state AND k.grid = r.grid
    WHERE k IS DISTINCT FROM r
    UNION ALL
    SELECT DISTINCT client_id, day, NULL, 'the day is missing among those of the client' FROM stored ANTI JOIN listed USING (client_id, day)
    UNION ALL
    SELECT client_id, day, NULL, 'the day stands twice among those of the client' FROM listed GROUP BY client_id, day HAVING count(*) > 1
), before AS (
    SELECT *, max({'part_end': part_end, 'record_start': record_start, 'id': id}) OVER (
        PARTITION BY client_id, resource ORDER BY part_start, record_start, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS earlier FROM stored
), overlap AS (
    SELECT client_id, day, state, format('the record {} overlaps the record {} of the same resource and metric',
        CASE WHEN id = '' THEN 'from ' || make_timestamp_ns(record_start) ELSE id END,
        CASE WHEN earlier.id = '' THEN 'from ' || make_timestamp_ns(earlier.record_start) ELSE earlier.id END) AS message
    FROM before WHERE part_start < earlier.part_end AND part_start = record_start
), unknown AS (
    SELECT DISTINCT p.client_id, p.day, p.state, format('records refer to state {} of resource {}, which is not there', p.state, p.resource) AS message
    FROM stored p
    LEFT JOIN state s ON s.number = p.state AND s.client_id = p.client_id AND s.resource = p.resource
    LEFT JOIN resource r ON r.number = p.resource AND r.client_id = p.client_id
    WHERE s.number IS NULL OR r.number IS NULL
), finding AS (
    SELECT client_id, day, 'rollup' AS kind, state, message FROM difference
    UNION ALL
    SELECT client_id, day, 'rollup', state, message FROM unknown
    UNION ALL
    SELECT client_id, day, 'overlap', state, message FROM overlap
)
SELECT f.client_id, f.day, f.kind, COALESCE(s.type, ''), COALESCE(s.region_id, 0), COALESCE(r.metric, ''), COALESCE(r.resource_id, ''), f.message
FROM finding f
LEFT JOIN state s ON s.number = f.state
LEFT JOIN resource r ON r.number = s.resource
ORDER BY f.client_id, f.day, f.kind DESC, r.resource_id, r.metric, f.message
