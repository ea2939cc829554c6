-- Two indexes held what a third one can tell.
DROP INDEX tickets_waiting;
DROP INDEX tickets_live;
DROP INDEX tickets_by_number;
DROP INDEX tickets_live_by_queue;
CREATE INDEX tickets_by_status ON tickets (queue, status, created_at);
CREATE INDEX tickets_by_number ON tickets (site, number, status, created_at);
