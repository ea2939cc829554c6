-- The first form of the server's file. Frozen once shipped: later changes are files with higher numbers.
-- Times are UTC milliseconds, service days are days since 1970-01-01, booleans are 0 and 1.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE tenants (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant        INTEGER NOT NULL REFERENCES tenants (id),
    email         TEXT NOT NULL,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    scopes        TEXT NOT NULL,             -- words separated by spaces
    is_active     INTEGER NOT NULL DEFAULT 1,
    UNIQUE (tenant, email)
) STRICT;

-- A refresh token is used once; a second use of the same one revokes its whole family, because one of the two users
-- stole it.
CREATE TABLE refresh_tokens (
    hash       BLOB PRIMARY KEY,
    family     TEXT NOT NULL,
    user       INTEGER NOT NULL REFERENCES users (id),
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) WITHOUT ROWID, STRICT;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);

CREATE TABLE sites (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant                INTEGER NOT NULL REFERENCES tenants (id),
    name                  TEXT NOT NULL,
    timezone              TEXT NOT NULL,
    languages             TEXT NOT NULL,     -- JSON list of ISO codes, the site's own first
    brand_colour          TEXT,
    ticker                TEXT NOT NULL DEFAULT '[]',
    slip_header           TEXT,
    slip_footer           TEXT,
    event_seq             INTEGER NOT NULL DEFAULT 0,
    configuration_version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE services (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL REFERENCES tenants (id),
    site   INTEGER NOT NULL REFERENCES sites (id),
    name   TEXT NOT NULL
) STRICT;

CREATE TABLE queues (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant       INTEGER NOT NULL REFERENCES tenants (id),
    site         INTEGER NOT NULL REFERENCES sites (id),
    service      INTEGER REFERENCES services (id),
    position     INTEGER NOT NULL DEFAULT 0,
    prefix       TEXT NOT NULL,
    name         TEXT NOT NULL,
    hint         TEXT,
    names        TEXT NOT NULL DEFAULT '{}', -- JSON, by ISO code
    icon         TEXT NOT NULL DEFAULT 'ticket',
    colour       TEXT NOT NULL DEFAULT '#1f4e79',
    algorithm    TEXT NOT NULL DEFAULT 'fifo',
    sla_seconds  INTEGER NOT NULL DEFAULT 900,
    max_capacity INTEGER,
    is_active    INTEGER NOT NULL DEFAULT 1,
    hours        TEXT,                       -- JSON list of periods, nothing means always open
    -- The figures that were published last, so that an unchanged figure makes no event.
    shown_waiting INTEGER NOT NULL DEFAULT 0,
    shown_mean    INTEGER NOT NULL DEFAULT 300,
    shown_agents  INTEGER NOT NULL DEFAULT 0,
    -- The prefix stands on paper, so two queues of a site cannot share one.
    UNIQUE (site, prefix)
) STRICT;
CREATE INDEX queues_by_tenant ON queues (tenant);

CREATE TABLE counters (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL REFERENCES tenants (id),
    site   INTEGER NOT NULL REFERENCES sites (id),
    label  TEXT NOT NULL,
    UNIQUE (site, label)
) STRICT;

CREATE TABLE agents (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant  INTEGER NOT NULL REFERENCES tenants (id),
    site    INTEGER NOT NULL REFERENCES sites (id),
    user    INTEGER UNIQUE REFERENCES users (id),
    name    TEXT NOT NULL,
    status  TEXT NOT NULL DEFAULT 'hors_ligne',
    counter INTEGER REFERENCES counters (id)
) STRICT;

CREATE TABLE agent_queues (
    agent INTEGER NOT NULL REFERENCES agents (id),
    queue INTEGER NOT NULL REFERENCES queues (id),
    PRIMARY KEY (agent, queue)
) WITHOUT ROWID, STRICT;
CREATE INDEX agent_queues_by_queue ON agent_queues (queue);

CREATE TABLE displays (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL REFERENCES tenants (id),
    site   INTEGER NOT NULL REFERENCES sites (id),
    name   TEXT NOT NULL
) STRICT;

-- A display or station without rows here shows every queue of its site.
CREATE TABLE display_queues (
    display INTEGER NOT NULL REFERENCES displays (id),
    queue   INTEGER NOT NULL REFERENCES queues (id),
    PRIMARY KEY (display, queue)
) WITHOUT ROWID, STRICT;

CREATE TABLE pairing_tokens (
    hash       BLOB PRIMARY KEY,
    tenant     INTEGER NOT NULL REFERENCES tenants (id),
    site       INTEGER NOT NULL REFERENCES sites (id),
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) WITHOUT ROWID, STRICT;

CREATE TABLE stations (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant                INTEGER NOT NULL REFERENCES tenants (id),
    site                  INTEGER NOT NULL REFERENCES sites (id),
    name                  TEXT NOT NULL,
    mode                  TEXT NOT NULL,
    epoch                 TEXT NOT NULL,
    letter                TEXT NOT NULL,     -- of the private series; empty for a station that issues nothing
    secret_hash           BLOB NOT NULL,
    pairing_token         BLOB NOT NULL REFERENCES pairing_tokens (hash),
    version               TEXT NOT NULL,
    highest_seq           INTEGER NOT NULL DEFAULT 0,
    applied_configuration INTEGER,
    state                 TEXT,              -- JSON, the last heartbeat
    paired_at             INTEGER NOT NULL,
    seen_at               INTEGER,
    revoked_at            INTEGER,
    UNIQUE (pairing_token, epoch)
) STRICT;
-- Two live stations of a site never print under the same letter.
CREATE UNIQUE INDEX stations_letter ON stations (site, letter) WHERE letter <> '' AND revoked_at IS NULL;
CREATE INDEX stations_by_tenant ON stations (tenant);

CREATE TABLE station_queues (
    station INTEGER NOT NULL REFERENCES stations (id),
    queue   INTEGER NOT NULL REFERENCES queues (id),
    PRIMARY KEY (station, queue)
) WITHOUT ROWID, STRICT;

-- Records that were acknowledged and set aside because they make no sense here.
CREATE TABLE quarantine (
    station     INTEGER NOT NULL REFERENCES stations (id),
    seq         INTEGER NOT NULL,
    record      TEXT NOT NULL,
    reason      TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (station, seq)
) WITHOUT ROWID, STRICT;

-- Who alone issues a queue's main series, from which service day on. Rows are never changed: the newest that has begun
-- counts.
CREATE TABLE series_owners (
    queue    INTEGER NOT NULL REFERENCES queues (id),
    from_day INTEGER NOT NULL,
    station  INTEGER NOT NULL REFERENCES stations (id),
    PRIMARY KEY (queue, from_day)
) WITHOUT ROWID, STRICT;

-- The counters of the series that this server issues.
CREATE TABLE series (
    queue  INTEGER NOT NULL REFERENCES queues (id),
    day    INTEGER NOT NULL,
    letter TEXT NOT NULL,
    lap    INTEGER NOT NULL DEFAULT 0,       -- how often the series went past its last value
    value  INTEGER NOT NULL DEFAULT 0,       -- the last value given out in this lap
    PRIMARY KEY (queue, day, letter)
) WITHOUT ROWID, STRICT;

-- Numbers that no ticket carries, each with its reason: a series without holes is the sum of tickets and gaps.
CREATE TABLE number_gaps (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    queue   INTEGER NOT NULL REFERENCES queues (id),
    day     INTEGER NOT NULL,
    number  TEXT NOT NULL,
    reason  TEXT NOT NULL,
    ticket  TEXT,
    made_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tickets (
    id            TEXT PRIMARY KEY,
    tenant        INTEGER NOT NULL REFERENCES tenants (id),
    site          INTEGER NOT NULL REFERENCES sites (id),
    queue         INTEGER NOT NULL REFERENCES queues (id),
    number        TEXT NOT NULL,
    series_queue  INTEGER NOT NULL,          -- the queue that the number comes from; a transfer does not change it
    day           INTEGER NOT NULL,
    letter        TEXT NOT NULL,
    lap           INTEGER,                   -- nothing for a number that a station issued
    value         INTEGER NOT NULL,
    channel       TEXT NOT NULL,
    priority      INTEGER NOT NULL,
    status        TEXT NOT NULL,
    customer      TEXT NOT NULL DEFAULT '{}',
    language      TEXT,
    agent         INTEGER REFERENCES agents (id),
    counter       TEXT,
    created_at    INTEGER NOT NULL,
    called_at     INTEGER,
    started_at    INTEGER,
    ended_at      INTEGER,
    station       INTEGER REFERENCES stations (id),
    print_state   TEXT,
    copies        INTEGER NOT NULL DEFAULT 0,
    -- The second line behind the counter: this server never gives one number twice. (Rows without a lap are distinct.)
    UNIQUE (series_queue, day, letter, lap, value)
) STRICT;
CREATE INDEX tickets_waiting ON tickets (queue, created_at) WHERE status = 'en_attente';
CREATE INDEX tickets_live ON tickets (site, number) WHERE status IN ('en_attente', 'appelé', 'en_service', 'en_pause');
CREATE INDEX tickets_done ON tickets (queue, ended_at) WHERE status = 'terminé';
CREATE INDEX tickets_by_arrival ON tickets (tenant, created_at);
CREATE INDEX tickets_by_queue ON tickets (queue, created_at);

CREATE TABLE events (
    site        INTEGER NOT NULL REFERENCES sites (id),
    seq         INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    queue       INTEGER,                     -- nothing for an event of the whole site
    other_queue INTEGER,                     -- the queue that the ticket left
    agent       INTEGER,
    tail        TEXT NOT NULL,               -- the event's JSON after `seq` and `prev`
    PRIMARY KEY (site, seq)
) WITHOUT ROWID, STRICT;

CREATE TABLE announcements (
    station     INTEGER NOT NULL REFERENCES stations (id),
    event       INTEGER NOT NULL,
    outcome     TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (station, event)
) WITHOUT ROWID, STRICT;
