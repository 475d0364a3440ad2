-- How far readers of an application's events and outcomes have come.
CREATE TABLE reader (
    application INTEGER NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (application, name)
) STRICT, WITHOUT ROWID;

-- Whether the event stream tells what becomes of the activity's audience.
ALTER TABLE activity ADD COLUMN is_streamed INTEGER NOT NULL DEFAULT 0;

-- Fates that the event stream has yet to tell, in the order in which they were settled. Without a batch: those settled when the
-- activity began (members = 0), or when it was cancelled (members = 1); else members has a bit a place.
CREATE TABLE outcome (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    application INTEGER NOT NULL,
    activity INTEGER NOT NULL,
    batch INTEGER,
    members INTEGER NOT NULL
) STRICT;
CREATE INDEX outcome_of_application ON outcome (application, position);

-- In-app messages that were shown, by the position of the event that says so; campaign as the client named it. Not removed with
-- the events, since total caps count them.
CREATE TABLE in_app_display (
    application INTEGER NOT NULL,
    endpoint_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    session TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (application, endpoint_id, position)
) STRICT, WITHOUT ROWID;
