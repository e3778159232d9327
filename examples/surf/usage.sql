-- Batch jobs of SURF Lisa as usage records: costd import --query usage.sql surf_lisa_2022_jobs.csv.gz
--
-- The trace does not tell when a job started, so that it starts when it was submitted.
SELECT 2002 AS client_id,
       2201 + job_id % 4 AS project_id, -- the trace has no projects: four, by the job's number
       202 AS region_id,
       'instance' AS type,
       'lisa_node_min' AS metric,
       'lisa-node' AS flavor,
       CAST(job_id AS VARCHAR) AS resource_id,
       'job-' || job_id AS name,
       submit_time AS "start",
       submit_time + to_seconds(duration_s) AS "end"
FROM input
WHERE duration_s > 0
