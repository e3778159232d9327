-- A grid of seconds comes before the others: what is whole there moves to it. The
-- roll-ups, which go by grid, are made again.
UPDATE part SET
    units = CASE WHEN grid = 0 AND units % 1000000000 = 0 THEN units // 1000000000 ELSE units END,
    grid  = CASE WHEN grid = 0 AND units % 1000000000 = 0 THEN 0 ELSE grid + 1 END;
DELETE FROM rollup;
UPDATE client_day SET rolled = false;
