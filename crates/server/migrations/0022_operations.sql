-- What keeps the server going: jobs that several servers share, incidents that people and stations file.

-- A job is claimed by writing who has it and until when; whoever finds an old claim takes it over.
CREATE TABLE jobs (
    name          TEXT PRIMARY KEY,
    due_at        INTEGER NOT NULL,
    claimed_by    TEXT,
    claimed_until INTEGER NOT NULL DEFAULT 0,
    tries         INTEGER NOT NULL DEFAULT 0,  -- of the present run
    ran_at        INTEGER,
    outcome       TEXT
) WITHOUT ROWID, STRICT;

-- The health of each queue as it was looked at last, so that only a change is told.
CREATE TABLE queue_health (
    queue     INTEGER PRIMARY KEY REFERENCES queues (id),
    score     INTEGER NOT NULL,
    alerts    TEXT NOT NULL,
    looked_at INTEGER NOT NULL
) STRICT;

CREATE TABLE incidents (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      INTEGER NOT NULL REFERENCES tenants (id),
    site        INTEGER REFERENCES sites (id),
    title       TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    severity    TEXT NOT NULL DEFAULT 'medium',
    priority    TEXT NOT NULL DEFAULT 'normal',
    category    TEXT NOT NULL DEFAULT 'other',
    status      TEXT NOT NULL DEFAULT 'open',
    device      INTEGER REFERENCES stations (id),
    reported_by INTEGER REFERENCES users (id),  -- nothing for a station
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    resolved_at INTEGER
) STRICT;
CREATE INDEX incidents_by_tenant ON incidents (tenant, created_at);

CREATE TABLE incident_comments (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    incident   INTEGER NOT NULL REFERENCES incidents (id),
    user       INTEGER REFERENCES users (id),
    text       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX incident_comments_by_incident ON incident_comments (incident, id);

-- The clean-up looks for what ended long ago.
CREATE INDEX tickets_by_end ON tickets (tenant, ended_at) WHERE ended_at IS NOT NULL;
