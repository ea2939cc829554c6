-- Version 2 of a station's file: each record is chained to the one before it. Frozen: a later version is another file.
-- The journal fills `chained` from `record` and moves it into its place, all in one transaction (see `schema.rs`).
CREATE TABLE chained (
    seq  INTEGER PRIMARY KEY,
    body TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32) -- of the hash before, the place and the body
) STRICT;
