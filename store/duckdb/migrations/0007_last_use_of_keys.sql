-- A key says when it was last used.
ALTER TABLE api_key ADD COLUMN IF NOT EXISTS last_used BIGINT DEFAULT 0; -- nanoseconds since 1970-01-01 UTC; 0: never
