-- Two indexes held what a third one can tell.
DROP INDEX tickets_waiting;
DROP INDEX tickets_live;
DROP INDEX tickets_by_number;
DROP INDEX tickets_live_by_queue;
CREATE INDEX tickets_by_status ON tickets (queue, status, created_at);
CREATE INDEX tickets_by_number ON tickets (site, number, status, created_at);

-- The wall in words that cost less: the setting is still read once a statement, but in one question instead of three, of which
-- each table of each statement had its own. A session that names nobody sees nothing, as before.
ALTER POLICY wall ON tenants USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(id AS TEXT)));
ALTER POLICY wall ON users USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON memberships USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON sites USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON services USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON queues USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON counters USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON agents USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON playlists USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON displays USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON pairing_tokens USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON stations USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON tickets USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON audit USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON client_requests USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
ALTER POLICY wall ON incidents USING ((SELECT current_setting('smartqueue.tenant', true)) IN ('all', CAST(tenant AS TEXT)));
