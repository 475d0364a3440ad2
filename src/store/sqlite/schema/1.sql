-- Applications are never removed, and their keys stand in other tables in place of their ids.
CREATE TABLE application (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    creation_date TEXT NOT NULL,
    next_number INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE attribute_name (
    application INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (application, name)
) STRICT, WITHOUT ROWID;

-- key = application key << 32 | number. There is no index here: see lookup_run.
CREATE TABLE endpoint (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;

-- Numbers that were given once and have no endpoint any more; the same key.
CREATE TABLE endpoint_removed (
    key INTEGER PRIMARY KEY
) STRICT;

-- Where to find endpoints by id, user and address: sorted runs, a greater key being newer. See lookup/mod.rs.
CREATE TABLE lookup_run (
    key INTEGER PRIMARY KEY,
    application INTEGER NOT NULL,
    entries INTEGER NOT NULL
) STRICT;
CREATE INDEX lookup_run_of_application ON lookup_run (application, key);

CREATE TABLE lookup_chunk (
    key INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    first INTEGER NOT NULL,
    entries BLOB NOT NULL
) STRICT;
CREATE INDEX lookup_chunk_of_run ON lookup_chunk (run, first);

-- application is 0 for templates, which belong to none.
CREATE TABLE definition (
    key INTEGER PRIMARY KEY,
    application INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    creation_date TEXT NOT NULL,
    last_modified_date TEXT NOT NULL,
    UNIQUE (application, kind, id, version)
) STRICT;

-- members is a Roaring bitmap in its portable format, here and below.
CREATE TABLE segment_members (
    application INTEGER NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    members BLOB NOT NULL,
    PRIMARY KEY (application, id, version)
) STRICT;

-- Times are microseconds since 1970.
CREATE TABLE activity (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    application INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    campaign_version INTEGER NOT NULL,
    treatment TEXT NOT NULL,
    state INTEGER NOT NULL,
    scheduled_start INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    failure TEXT,
    definition TEXT NOT NULL
) STRICT;
CREATE INDEX activity_of_campaign ON activity (application, campaign, key);
CREATE INDEX activity_in_state ON activity (state, key);

-- fate is set for members that met it before the first batch, due for members of a wave.
CREATE TABLE audience (
    activity INTEGER NOT NULL,
    place INTEGER NOT NULL,
    fate INTEGER,
    due INTEGER,
    members BLOB NOT NULL,
    PRIMARY KEY (activity, place)
) STRICT;

-- key = activity key << 32 | index of the batch.
CREATE TABLE batch (
    key INTEGER PRIMARY KEY,
    stage INTEGER NOT NULL,
    fates BLOB NOT NULL,
    unknown INTEGER NOT NULL,
    reasons TEXT,
    at INTEGER NOT NULL
) STRICT;
