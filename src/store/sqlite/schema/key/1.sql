-- Access keys. Times are milliseconds since 1970 UTC.
CREATE TABLE access_key (
    id TEXT PRIMARY KEY,
    sealed_secret BLOB NOT NULL,
    -- The one application the key is for; NULL for an administrator's.
    application TEXT,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
