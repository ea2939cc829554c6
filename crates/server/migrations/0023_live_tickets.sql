-- Who is alive in a queue, or with an agent, is asked with every snapshot. Without these the question goes through every
-- ticket that the site ever had.
CREATE INDEX tickets_live_by_queue ON tickets (queue, created_at, status)
    WHERE status IN ('en_attente', 'appelé', 'en_service', 'en_pause');
CREATE INDEX tickets_live_by_agent ON tickets (agent)
    WHERE status IN ('en_attente', 'appelé', 'en_service', 'en_pause');
