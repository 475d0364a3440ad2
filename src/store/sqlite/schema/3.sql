-- Batches put aside because their hook failed; key as in batch. members has a bit a place, attempts is JSON, and times are
-- microseconds since 1970.
CREATE TABLE dead_letter (
    key INTEGER PRIMARY KEY,
    state INTEGER NOT NULL,
    function TEXT NOT NULL,
    held_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    members INTEGER NOT NULL,
    redrives INTEGER NOT NULL,
    error TEXT NOT NULL,
    attempts TEXT NOT NULL
) STRICT;
CREATE INDEX dead_letter_in_state ON dead_letter (state, key);

-- The event as it was sent, as zlib packs it. Only batches that are held have one.
CREATE TABLE dead_letter_request (
    key INTEGER PRIMARY KEY,
    event BLOB NOT NULL
) STRICT;
