-- Stations that ask to be paired. A request belongs to nobody until an administrator who was told its code answers it.
CREATE TABLE pairing_requests (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      INTEGER REFERENCES tenants (id),  -- whoever answered; nothing before
    code_hash   BLOB NOT NULL UNIQUE,
    secret_hash BLOB NOT NULL UNIQUE,             -- of the pairing token too, once the request is approved
    public_key  BLOB NOT NULL,
    name        TEXT NOT NULL,                    -- name, mode and version as the station proposes them
    mode        TEXT NOT NULL,
    version     TEXT NOT NULL,
    address     TEXT NOT NULL,                    -- from which it asked
    network     TEXT NOT NULL,                    -- what is counted as one asker: the address, of IPv6 its first half
    state       TEXT NOT NULL DEFAULT 'open',     -- open, approved, refused
    asked_at    INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

-- A token that was made by an approval is good for one key, and says what its station is to be.
ALTER TABLE pairing_tokens ADD COLUMN public_key BLOB;  -- nothing: whoever has the token may use it
ALTER TABLE pairing_tokens ADD COLUMN name TEXT;
ALTER TABLE pairing_tokens ADD COLUMN mode TEXT;
ALTER TABLE pairing_tokens ADD COLUMN queues TEXT;      -- JSON list of ids; an empty one means every queue of the site

ALTER TABLE stations ADD COLUMN public_key BLOB;        -- nothing for a station that paired before stations had keys
