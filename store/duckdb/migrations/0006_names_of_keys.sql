-- A key has a name, and may end.
ALTER TABLE api_key ADD COLUMN IF NOT EXISTS name VARCHAR DEFAULT '';
ALTER TABLE api_key ADD COLUMN IF NOT EXISTS expires BIGINT DEFAULT 0; -- nanoseconds since 1970-01-01 UTC; 0: never
