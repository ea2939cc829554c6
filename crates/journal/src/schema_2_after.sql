-- The second half of version 2: the chained records take the place of the old ones. Frozen.
DROP TABLE record;
ALTER TABLE chained RENAME TO record;
CREATE TRIGGER record_never_changes BEFORE UPDATE ON record BEGIN SELECT RAISE(ABORT, 'records never change'); END;
CREATE TRIGGER record_never_goes BEFORE DELETE ON record BEGIN SELECT RAISE(ABORT, 'records never go'); END;
PRAGMA user_version = 2;
