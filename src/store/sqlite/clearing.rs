//! Clears away what removed applications left behind, a bit at a time, so that other writes never wait for long.

use rusqlite::{Connection, OptionalExtension, params};

use super::failure::Failure;

/// Removes some rows, `?2` at most, of the application with the key `?1`.
struct Sweep {
    statement: &'static str,
    rows_max: u32,
}

/// What an application leaves behind. What others are found through comes after them.
const SWEEPS: &[Sweep] = &[
    Sweep {
        statement: "DELETE FROM endpoint WHERE key IN (
            SELECT key FROM endpoint WHERE key BETWEEN ?1 << 32 AND (?1 << 32) + 4294967295 ORDER BY key LIMIT ?2)",
        rows_max: 2_000,
    },
    Sweep {
        statement: "DELETE FROM endpoint_removed WHERE key IN (
            SELECT key FROM endpoint_removed WHERE key BETWEEN ?1 << 32 AND (?1 << 32) + 4294967295 LIMIT ?2)",
        rows_max: 10_000,
    },
    Sweep {
        statement: "DELETE FROM lookup_chunk WHERE key IN (
            SELECT lookup_chunk.key FROM lookup_run CROSS JOIN lookup_chunk ON run = lookup_run.key
            WHERE application = ?1 LIMIT ?2)",
        rows_max: 500,
    },
    Sweep {
        statement: "DELETE FROM lookup_run WHERE key IN (
            SELECT key FROM lookup_run WHERE application = ?1 LIMIT ?2)",
        rows_max: 500,
    },
    Sweep {
        statement: "DELETE FROM dead_letter_request WHERE key IN (
            SELECT dead_letter_request.key FROM activity CROSS JOIN dead_letter_request
                ON dead_letter_request.key BETWEEN activity.key << 32 AND (activity.key << 32) + 4294967295
            WHERE application = ?1 LIMIT ?2)",
        rows_max: 500,
    },
    Sweep {
        statement: "DELETE FROM dead_letter WHERE key IN (
            SELECT dead_letter.key FROM activity CROSS JOIN dead_letter
                ON dead_letter.key BETWEEN activity.key << 32 AND (activity.key << 32) + 4294967295
            WHERE application = ?1 LIMIT ?2)",
        rows_max: 2_000,
    },
    Sweep {
        statement: "DELETE FROM batch WHERE key IN (
            SELECT batch.key FROM activity CROSS JOIN batch
                ON batch.key BETWEEN activity.key << 32 AND (activity.key << 32) + 4294967295
            WHERE application = ?1 LIMIT ?2)",
        rows_max: 5_000,
    },
    Sweep {
        statement: "DELETE FROM audience WHERE (activity, place) IN (
            SELECT activity, place FROM activity CROSS JOIN audience ON activity = activity.key
            WHERE application = ?1 LIMIT ?2)",
        rows_max: 20,
    },
    Sweep {
        statement: "DELETE FROM activity WHERE key IN (SELECT key FROM activity WHERE application = ?1 LIMIT ?2)",
        rows_max: 500,
    },
    Sweep {
        statement: "DELETE FROM outcome WHERE position IN (
            SELECT position FROM outcome WHERE application = ?1 LIMIT ?2)",
        rows_max: 5_000,
    },
    Sweep {
        statement: "DELETE FROM reader WHERE (application, name) IN (
            SELECT application, name FROM reader WHERE application = ?1 LIMIT ?2)",
        rows_max: 500,
    },
    Sweep {
        statement: "DELETE FROM in_app_display WHERE (application, endpoint_id, position) IN (
            SELECT application, endpoint_id, position FROM in_app_display WHERE application = ?1 LIMIT ?2)",
        rows_max: 2_000,
    },
    Sweep {
        statement: "DELETE FROM event WHERE position IN (SELECT position FROM event WHERE application = ?1 LIMIT ?2)",
        rows_max: 2_000,
    },
    Sweep {
        statement: "DELETE FROM segment_members WHERE rowid IN (
            SELECT rowid FROM segment_members WHERE application = ?1 LIMIT ?2)",
        rows_max: 20,
    },
    Sweep {
        statement: "DELETE FROM definition WHERE key IN (SELECT key FROM definition WHERE application = ?1 LIMIT ?2)",
        rows_max: 500,
    },
    Sweep {
        statement: "DELETE FROM definition_head WHERE position IN (
            SELECT position FROM definition_head WHERE application = ?1 LIMIT ?2)",
        rows_max: 2_000,
    },
    Sweep { statement: "DELETE FROM attribute_name WHERE application = ?1 AND ?2 > 0", rows_max: 1 },
    // The last one, since this is how the others are known to be due.
    Sweep { statement: "DELETE FROM application_removed WHERE application = ?1 AND ?2 > 0", rows_max: 1 },
];

/// Does one step; `false` when nothing is left.
pub fn step(connection: &mut Connection) -> Result<bool, Failure> {
    let transaction = connection.transaction()?;
    let removed = "SELECT application FROM application_removed LIMIT 1";
    let removed: Option<i64> = transaction.prepare_cached(removed)?.query_row([], |row| row.get(0)).optional()?;
    let Some(application) = removed else { return Ok(false) };
    for Sweep { statement, rows_max } in SWEEPS {
        if transaction.prepare_cached(statement)?.execute(params![application, rows_max])? > 0 {
            break;
        }
    }
    transaction.commit()?;
    Ok(true)
}
