-- GPU pods of the openb trace as usage records: costd import --query usage.sql openb_pod_list_default.csv
--
-- The trace counts seconds from its start, which we take as 2023-01-01T00:00:00Z. Pods that were
-- never scheduled have no scheduled_time and used nothing. A record spans at most 31 days, so
-- that pods are cut at the ends of months. Everything is computed in whole numbers and DECIMAL.
WITH pods AS (
    SELECT name, qos, pod_phase,
           CAST(cpu_milli AS BIGINT) AS cpu_milli, -- every column of a CSV file is text
           CAST(num_gpu AS BIGINT) AS num_gpu,
           CAST(gpu_milli AS BIGINT) AS gpu_milli,
           TIMESTAMP '2023-01-01' + to_seconds(CAST(scheduled_time AS BIGINT)) AS started,
           TIMESTAMP '2023-01-01' + to_seconds(CAST(deletion_time AS BIGINT)) AS ended
    FROM input
    WHERE CAST(deletion_time AS BIGINT) > CAST(scheduled_time AS BIGINT)
),
pieces AS (
    SELECT *, greatest(started, month) AS "start", least(ended, month + INTERVAL 1 MONTH) AS "end"
    FROM (SELECT *, unnest(generate_series(date_trunc('month', started), ended, INTERVAL 1 MONTH)) AS month FROM pods)
    WHERE month < ended
),
-- GPUs: `count` multiplies the minutes that follow from start and end.
gpus AS (
    SELECT 'ai_virtual_cluster' AS type, 'openb_gpu_min' AS metric,
           'gpu-' || num_gpu || 'x' || gpu_milli || 'm' AS flavor,
           num_gpu * gpu_milli * 0.001 AS count, -- BIGINT x DECIMAL; gpu_milli / 1000 would be DOUBLE
           COLUMNS(pieces.*)
    FROM pieces
    WHERE num_gpu > 0
),
-- CPUs, those of pods without a GPU too.
cpus AS (
    SELECT 'instance' AS type, 'openb_vcpu_min' AS metric, 'vcpu' AS flavor,
           cpu_milli * 0.001 AS count,
           COLUMNS(pieces.*)
    FROM pieces
)
SELECT 2001 AS client_id,
       -- The quality-of-service class stands for the project.
       CASE qos WHEN 'LS' THEN 2101 WHEN 'BE' THEN 2102 WHEN 'Burstable' THEN 2103 ELSE 2104 END AS project_id,
       201 AS region_id,
       type, metric, flavor, count,
       name AS resource_id, name, "start", "end",
       MAP {'qos': qos, 'phase': pod_phase} AS tags
FROM (SELECT * FROM gpus UNION ALL BY NAME SELECT * FROM cpus)
ORDER BY name, "start", metric
