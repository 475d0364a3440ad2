-- Applications can be removed now. Their keys stand in other tables, where rows outlive them for a while, so that no key
-- may be given twice.
CREATE TABLE application_2 (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    tags TEXT NOT NULL,
    creation_date TEXT NOT NULL,
    last_modified_date TEXT NOT NULL,
    revision INTEGER NOT NULL,
    next_number INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO application_2
    (key, id, name, settings, tags, creation_date, last_modified_date, revision, next_number)
    SELECT key, id, name, settings, '{}', creation_date, creation_date, 1, next_number FROM application ORDER BY key;
DROP TABLE application;
ALTER TABLE application_2 RENAME TO application;

-- Applications that are gone, with rows under their keys still to be cleared away.
CREATE TABLE application_removed (
    application INTEGER PRIMARY KEY
) STRICT;

-- Bits of `Groups`. Until it is learnt from the endpoints, a name counts as in use everywhere.
ALTER TABLE attribute_name ADD COLUMN found_in INTEGER NOT NULL DEFAULT 7;

-- What the versions of a definition have in common. given is the highest version number there ever was, active the one
-- chosen.
CREATE TABLE definition_head (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    application INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    id TEXT NOT NULL,
    latest INTEGER NOT NULL,
    given INTEGER NOT NULL,
    active INTEGER,
    revision INTEGER NOT NULL,
    UNIQUE (application, kind, id)
) STRICT;
CREATE INDEX definition_head_in_order ON definition_head (application, kind, position);
INSERT INTO definition_head (position, application, kind, id, latest, given, revision)
    SELECT min(key), application, kind, id, max(version), max(version), max(version) FROM definition
    GROUP BY application, kind, id ORDER BY min(key);

-- Positions are never given twice: readers go on from the last one they saw. Times are microseconds since 1970, and day
-- is that of `at`.
CREATE TABLE event (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    application INTEGER NOT NULL,
    endpoint_id TEXT NOT NULL,
    id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    day INTEGER NOT NULL,
    at INTEGER NOT NULL,
    arrived_at INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX event_of_application ON event (application);
CREATE INDEX event_by_arrival ON event (arrived_at);
-- Within a day in the order of positions, so that it is written and read nearly in sequence; see event/read.rs.
CREATE INDEX event_of_type ON event (application, event_type, day, position, at);

-- Hashes of what tells events apart, of those that arrived lately; see event/recent.rs.
CREATE TABLE event_recent (
    slice INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (slice, hash, position)
) STRICT, WITHOUT ROWID;
