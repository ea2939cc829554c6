-- The wall between tenants, held by the database itself: a session sees the rows of the tenant that it names in
-- `smartqueue.tenant`, everybody's rows when it says `all`, and nothing when it says nothing. It holds for the tables' owner
-- as well. Tables without a tenant of their own stand behind the wall of the row that theirs belong to.
-- The setting is read once a statement, not once a row.

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON tenants USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR id = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON users USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON memberships USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE sites ENABLE ROW LEVEL SECURITY;
ALTER TABLE sites FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON sites USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE services ENABLE ROW LEVEL SECURITY;
ALTER TABLE services FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON services USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE queues ENABLE ROW LEVEL SECURITY;
ALTER TABLE queues FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON queues USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE counters ENABLE ROW LEVEL SECURITY;
ALTER TABLE counters FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON counters USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE agents ENABLE ROW LEVEL SECURITY;
ALTER TABLE agents FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON agents USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE playlists ENABLE ROW LEVEL SECURITY;
ALTER TABLE playlists FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON playlists USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE displays ENABLE ROW LEVEL SECURITY;
ALTER TABLE displays FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON displays USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE pairing_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE pairing_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON pairing_tokens USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE stations ENABLE ROW LEVEL SECURITY;
ALTER TABLE stations FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON stations USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON tickets USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON audit USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE client_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE client_requests FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON client_requests USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE incidents ENABLE ROW LEVEL SECURITY;
ALTER TABLE incidents FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON incidents USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR tenant = CAST(nullif(nullif((SELECT current_setting('smartqueue.tenant', true)), 'all'), '') AS BIGINT)
);

ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON refresh_tokens USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM users WHERE users.id = refresh_tokens."user")
);

ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON invitations USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM users WHERE users.id = invitations."user")
);

ALTER TABLE queue_hours ENABLE ROW LEVEL SECURITY;
ALTER TABLE queue_hours FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON queue_hours USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM queues WHERE queues.id = queue_hours.queue)
);

ALTER TABLE queue_health ENABLE ROW LEVEL SECURITY;
ALTER TABLE queue_health FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON queue_health USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM queues WHERE queues.id = queue_health.queue)
);

ALTER TABLE agent_queues ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_queues FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON agent_queues USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM queues WHERE queues.id = agent_queues.queue)
);

ALTER TABLE display_queues ENABLE ROW LEVEL SECURITY;
ALTER TABLE display_queues FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON display_queues USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM queues WHERE queues.id = display_queues.queue)
);

ALTER TABLE station_queues ENABLE ROW LEVEL SECURITY;
ALTER TABLE station_queues FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON station_queues USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM queues WHERE queues.id = station_queues.queue)
);

ALTER TABLE quarantine ENABLE ROW LEVEL SECURITY;
ALTER TABLE quarantine FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON quarantine USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM stations WHERE stations.id = quarantine.station)
);

ALTER TABLE announcements ENABLE ROW LEVEL SECURITY;
ALTER TABLE announcements FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON announcements USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM stations WHERE stations.id = announcements.station)
);

ALTER TABLE series ENABLE ROW LEVEL SECURITY;
ALTER TABLE series FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON series USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM queues WHERE queues.id = series.queue)
);

ALTER TABLE series_holders ENABLE ROW LEVEL SECURITY;
ALTER TABLE series_holders FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON series_holders USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM queues WHERE queues.id = series_holders.queue)
);

ALTER TABLE series_releases ENABLE ROW LEVEL SECURITY;
ALTER TABLE series_releases FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON series_releases USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM queues WHERE queues.id = series_releases.queue)
);

ALTER TABLE number_gaps ENABLE ROW LEVEL SECURITY;
ALTER TABLE number_gaps FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON number_gaps USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM queues WHERE queues.id = number_gaps.queue)
);

ALTER TABLE allocations ENABLE ROW LEVEL SECURITY;
ALTER TABLE allocations FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON allocations USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM queues WHERE queues.id = allocations.queue)
);

ALTER TABLE tombstones ENABLE ROW LEVEL SECURITY;
ALTER TABLE tombstones FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON tombstones USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM stations WHERE stations.id = tombstones.station)
);

ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON events USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM sites WHERE sites.id = events.site)
);

ALTER TABLE incident_comments ENABLE ROW LEVEL SECURITY;
ALTER TABLE incident_comments FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON incident_comments USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR EXISTS (SELECT 1 FROM incidents WHERE incidents.id = incident_comments.incident)
);

ALTER TABLE server_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE server_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON server_secret USING ((SELECT current_setting('smartqueue.tenant', true)) = 'all');
