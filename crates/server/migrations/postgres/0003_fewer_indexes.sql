-- Two indexes held what a third one can tell.
DROP INDEX tickets_waiting;
DROP INDEX tickets_live;
DROP INDEX tickets_by_number;
DROP INDEX tickets_live_by_queue;
CREATE INDEX tickets_live_by_queue ON tickets (queue, status, created_at)
    WHERE status IN ('en_attente', 'appelé', 'en_service', 'en_pause');
CREATE INDEX tickets_by_number ON tickets (site, number, status, created_at);
