-- Numbers that the server gives to stations that ask, touches that must not come to life again, and series that change
-- hands with the word of whoever gives them up. Frozen once shipped, like every file here.

-- A number that was given to a station's touch and that no record of that station has confirmed. It is no ticket: nobody
-- can see it, and nobody can call it.
CREATE TABLE allocations (
    ticket  TEXT PRIMARY KEY,
    station INTEGER NOT NULL REFERENCES stations (id),
    queue   INTEGER NOT NULL REFERENCES queues (id),
    day     INTEGER NOT NULL,
    letter  TEXT NOT NULL,
    lap     INTEGER NOT NULL,
    value   INTEGER NOT NULL,
    number  TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    UNIQUE (queue, day, letter, lap, value)
) WITHOUT ROWID, STRICT;
CREATE INDEX allocations_by_number ON allocations (queue, number);

-- A touch that ended without a number. Whoever asks for one in its name later is refused.
CREATE TABLE tombstones (
    ticket  TEXT PRIMARY KEY,
    station INTEGER NOT NULL REFERENCES stations (id),
    made_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Who alone issues a queue's main series, from which service day on: a station, or this server where `station` is
-- nothing. The newest that has begun counts. A row of the server begins to count only when the station before it has
-- given the series back and has come to a day on which it no longer issues from it.
CREATE TABLE series_holders (
    queue    INTEGER NOT NULL REFERENCES queues (id),
    from_day INTEGER NOT NULL,
    station  INTEGER REFERENCES stations (id),
    PRIMARY KEY (queue, from_day)
) WITHOUT ROWID, STRICT;
INSERT INTO series_holders (queue, from_day, station) SELECT queue, from_day, station FROM series_owners;
DROP TABLE series_owners;

-- From which day on a station gave a main series back, by its own record.
CREATE TABLE series_releases (
    queue    INTEGER NOT NULL REFERENCES queues (id),
    station  INTEGER NOT NULL REFERENCES stations (id),
    from_day INTEGER NOT NULL,
    PRIMARY KEY (queue, station, from_day)
) WITHOUT ROWID, STRICT;

-- The newest day that the station opened, by its own records.
ALTER TABLE stations ADD COLUMN service_day INTEGER;
-- The word of its last hello.
ALTER TABLE stations ADD COLUMN word TEXT;

-- The digest of the record at `highest_seq`.
ALTER TABLE stations ADD COLUMN digest TEXT;

-- The local hour at which the site's service day ends.
ALTER TABLE sites ADD COLUMN rollover_hour INTEGER NOT NULL DEFAULT 4;

CREATE INDEX number_gaps_by_number ON number_gaps (queue, day, number);
CREATE INDEX tickets_by_number ON tickets (site, number, created_at);

-- Counters of stations stand beside the server's, as their records tell them; `station` is nothing for the server's own.
ALTER TABLE series ADD COLUMN station INTEGER REFERENCES stations (id);
