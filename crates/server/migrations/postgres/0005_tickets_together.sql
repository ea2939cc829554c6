-- Several tickets are made in one statement now. Asked with EXISTS whether each row's queue or site is the tenant's, PostgreSQL
-- would rather read all queues or sites first; asked for one row it looks up that one.
ALTER POLICY wall ON events USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR (SELECT 1 FROM sites WHERE sites.id = events.site) IS NOT NULL
);
ALTER POLICY wall ON series USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR (SELECT 1 FROM queues WHERE queues.id = series.queue) IS NOT NULL
);
ALTER POLICY wall ON series_holders USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR (SELECT 1 FROM queues WHERE queues.id = series_holders.queue) IS NOT NULL
);
ALTER POLICY wall ON queue_hours USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR (SELECT 1 FROM queues WHERE queues.id = queue_hours.queue) IS NOT NULL
);
ALTER POLICY wall ON allocations USING (
    (SELECT current_setting('smartqueue.tenant', true)) = 'all'
    OR (SELECT 1 FROM queues WHERE queues.id = allocations.queue) IS NOT NULL
);

-- A ticket's queue has a site and a tenant, and can go only after its tickets: two references said that once more.
ALTER TABLE tickets DROP CONSTRAINT tickets_tenant_fkey;
ALTER TABLE tickets DROP CONSTRAINT tickets_site_fkey;
