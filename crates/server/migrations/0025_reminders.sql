-- Who was to be reminded that their turn comes near: once for each ticket, and gone with it.
CREATE TABLE reminders (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant       INTEGER NOT NULL REFERENCES tenants (id),
    ticket       TEXT NOT NULL UNIQUE REFERENCES tickets (id) ON DELETE CASCADE,
    queue        INTEGER NOT NULL,   -- as it was then
    people_ahead INTEGER NOT NULL,
    eta_seconds  INTEGER NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX reminders_by_tenant ON reminders (tenant, id);

-- When a job was done last, and not merely tried, says what has been missed since.
ALTER TABLE jobs ADD COLUMN done_at INTEGER;
