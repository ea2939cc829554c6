-- A ticket's commit costs as much as it changes pages of the file. Two indexes held what a third one can tell, and events stood
-- in the middle of their tree, each site's at its own place, so that pages were split all the time; now they are appended.
DROP INDEX tickets_waiting;
DROP INDEX tickets_live;
DROP INDEX tickets_by_number;
DROP INDEX tickets_live_by_queue;
CREATE INDEX tickets_by_status ON tickets (queue, status, created_at);
CREATE INDEX tickets_by_number ON tickets (site, number, status, created_at);

CREATE TABLE events_in_order (
    site        INTEGER NOT NULL REFERENCES sites (id),
    seq         INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    queue       INTEGER,                     -- nothing for an event of the whole site
    other_queue INTEGER,                     -- the queue that the ticket left
    agent       INTEGER,
    tail        TEXT NOT NULL                -- the event's JSON after `seq` and `prev`
) STRICT;
INSERT INTO events_in_order (site, seq, kind, queue, other_queue, agent, tail)
    SELECT site, seq, kind, queue, other_queue, agent, tail FROM events ORDER BY site, seq;
DROP TABLE events;
ALTER TABLE events_in_order RENAME TO events;
CREATE UNIQUE INDEX events_by_site ON events (site, seq);
