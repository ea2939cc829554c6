-- What the office works with: roles instead of loose scopes, playlists, a trail of who changed what, and requests that may
-- be repeated.

-- What somebody is at a tenant: superadmin, tenant_admin, manager, agent or device.
CREATE TABLE memberships (
    user   INTEGER NOT NULL REFERENCES users (id),
    tenant INTEGER NOT NULL REFERENCES tenants (id),
    role   TEXT NOT NULL,
    PRIMARY KEY (user, tenant)
) WITHOUT ROWID, STRICT;
INSERT INTO memberships (user, tenant, role)
    SELECT id, tenant, CASE WHEN scopes LIKE '%admin:tenant%' THEN 'tenant_admin' ELSE 'agent' END FROM users;
-- Scopes follow from the role.
ALTER TABLE users DROP COLUMN scopes;

-- Tokens made before this moment are no longer good, UTC milliseconds.
ALTER TABLE users ADD COLUMN tokens_from INTEGER NOT NULL DEFAULT 0;

-- Whoever holds the token may choose the user's password, once.
CREATE TABLE invitations (
    hash       BLOB PRIMARY KEY,
    user       INTEGER NOT NULL UNIQUE REFERENCES users (id),
    expires_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Personal data and tickets are kept for so many days after their end.
ALTER TABLE tenants ADD COLUMN data_retention_days INTEGER NOT NULL DEFAULT 365;

CREATE TABLE playlists (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   INTEGER NOT NULL REFERENCES tenants (id),
    site     INTEGER NOT NULL REFERENCES sites (id),
    name     TEXT NOT NULL,
    items    TEXT NOT NULL DEFAULT '[]',     -- JSON list: kind, what, seconds
    schedule TEXT                            -- JSON list of periods, nothing means always
) STRICT;
ALTER TABLE displays ADD COLUMN playlist INTEGER REFERENCES playlists (id);

-- Who changed what. Rows are added and never changed.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     INTEGER NOT NULL REFERENCES tenants (id),
    at         INTEGER NOT NULL,
    user       INTEGER REFERENCES users (id), -- nothing for a station or the server itself
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    subject_id INTEGER,
    detail     TEXT NOT NULL DEFAULT '{}'     -- JSON, never a secret
) STRICT;
CREATE INDEX audit_by_tenant ON audit (tenant, id);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT raise(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
    BEGIN SELECT raise(ABORT, 'the audit trail only grows'); END;

-- Rows that were made by a request with an id of the client's, so that repeating it makes nothing.
CREATE TABLE client_requests (
    tenant    INTEGER NOT NULL REFERENCES tenants (id),
    client_id TEXT NOT NULL,
    subject   TEXT NOT NULL,
    row_id    INTEGER NOT NULL,
    made_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, client_id)
) WITHOUT ROWID, STRICT;
