-- Batch jobs of SURF Lisa as usage records: costd import --query usage.sql surf_lisa_2022_jobs.csv.gz
--
-- The trace does not tell when a job started, so that it starts when it was submitted.
-- Every column of a CSV file is text, so that the query casts what it computes with.
SELECT 2002 AS client_id,
       2201 + CAST(job_id AS BIGINT) % 4 AS project_id, -- the trace has no projects: four, by the job's number
       202 AS region_id,
       'instance' AS type,
       'lisa_node_min' AS metric,
       'lisa-node' AS flavor,
       job_id AS resource_id,
       'job-' || job_id AS name,
       submit_time AS "start",
       CAST(submit_time AS TIMESTAMPTZ) + to_seconds(CAST(duration_s AS BIGINT)) AS "end"
FROM input
WHERE CAST(duration_s AS BIGINT) > 0
