-- What happened in each queue in each local hour, counted in the same transaction as the step itself, so that figures over
-- days and weeks cost the same however many tickets there are.
-- `hour` is local: 24 x days since 1970-01-01 + the hour of the day on the site's clock. So the same hour of the week
-- before is 168 less, also across a change to summer time. Counting begins with this migration.

CREATE TABLE queue_hours (
    queue         INTEGER NOT NULL REFERENCES queues (id),
    hour          INTEGER NOT NULL,
    arrived       INTEGER NOT NULL DEFAULT 0,   -- tickets taken
    high_priority INTEGER NOT NULL DEFAULT 0,   -- of these, with a priority above 0
    called        INTEGER NOT NULL DEFAULT 0,   -- tickets called for the first time
    breached      INTEGER NOT NULL DEFAULT 0,   -- of these, later than was promised
    waited_ms     INTEGER NOT NULL DEFAULT 0,   -- the sum of the waits until the first call
    served        INTEGER NOT NULL DEFAULT 0,   -- tickets ended after service
    served_ms     INTEGER NOT NULL DEFAULT 0,   -- the sum of their service times
    absent        INTEGER NOT NULL DEFAULT 0,   -- calls that nobody came to
    cancelled     INTEGER NOT NULL DEFAULT 0,   -- tickets withdrawn
    PRIMARY KEY (queue, hour)
) WITHOUT ROWID, STRICT;

-- The mean of the last finished tickets is read at every step: the index holds all that it needs.
DROP INDEX tickets_done;
CREATE INDEX tickets_done ON tickets (queue, ended_at, started_at, called_at) WHERE status = 'terminé';
