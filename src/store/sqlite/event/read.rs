//! Statements that read events.
//!
//! Events of some types in a span of time have to come in the order of their positions, page by page. An index by type
//! and time alone would sort the whole span for every page; one by type and position alone would walk all that is kept.
//! So the index goes by type, day and position: a page looks into each day once, and walks on only where positions are
//! below the best found so far. What happened on one day arrives mostly in one stretch, so that little is walked in vain.

use std::collections::{BTreeSet, BinaryHeap};
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, params};

use super::day;
use crate::store::sqlite::failure::{Failure, damaged};
use crate::store::{Event, EventPage, EventRow};

/// The columns of [`read`], to be followed by a condition.
const SELECT: &str = "SELECT position, arrived_at, endpoint_id, id, event_type, at, document FROM event ";

/// A page ends with the event that brings it to so many bytes of documents: a thousand events may have a gigabyte.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Takes events, in their order, until a page is full.
struct Page {
    events: EventPage,
    bytes: usize,
}

impl Page {
    fn new() -> Self {
        Self { events: EventPage::new(), bytes: 0 }
    }

    fn is_full(&self) -> bool {
        self.bytes >= PAGE_BYTES
    }

    fn push(&mut self, row: EventRow) {
        self.bytes += row.event.document.len();
        self.events.push(row);
    }
}

/// Events of an application with greater positions.
pub fn after(connection: &Connection, application: i64, after: u64, events_max: usize) -> Result<EventPage, Failure> {
    // Named, because the primary key alone would walk through the events of all applications.
    let sql = format!(
        "{SELECT} INDEXED BY event_of_application WHERE application = ? AND position > ? ORDER BY position LIMIT ?"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows =
        statement.query(params![application, as_sql(after), i64::try_from(events_max).unwrap_or(i64::MAX)])?;
    let mut page = Page::new();
    while !page.is_full() {
        let Some(row) = rows.next()? else { break };
        page.push(read(row)?);
    }
    Ok(page.events)
}

/// Arrivals are written in the order of their times, but for those that come together: these are never further apart.
const DISORDER_MAX: SignedDuration = SignedDuration::from_mins(5);

/// A position before those of all events that arrived at that moment or later.
pub fn position_before(connection: &Connection, moment: Timestamp) -> Result<u64, Failure> {
    let moment = moment.checked_sub(DISORDER_MAX).unwrap_or(Timestamp::MIN);
    let mut statement = connection
        .prepare_cached("SELECT position FROM event WHERE arrived_at < ? ORDER BY arrived_at DESC LIMIT 1")?;
    let mut rows = statement.query([moment.as_microsecond()])?;
    Ok(rows.next()?.map(|row| row.get::<_, i64>(0)).transpose()?.map_or(0, i64::cast_unsigned))
}

/// Events of an application of these types that happened in the span, with greater positions.
pub fn between(
    connection: &Connection,
    application: i64,
    event_types: Vec<String>,
    span: Range<Timestamp>,
    after: u64,
    events_max: usize,
) -> Result<EventPage, Failure> {
    if span.is_empty() || events_max == 0 {
        return Ok(EventPage::new());
    }
    let mut first = Lowest { positions: BinaryHeap::new(), max: events_max };
    for event_type in event_types.into_iter().collect::<BTreeSet<_>>() {
        let mut days = day(span.start)..=day(span.end);
        while let Some(day) = next_day(connection, application, &event_type, *days.start())? {
            if !days.contains(&day) {
                break;
            }
            collect(connection, application, &event_type, day, &span, after, &mut first)?;
            days = day + 1..=*days.end();
        }
    }
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE position = ?"))?;
    let mut page = Page::new();
    for position in first.positions.into_sorted_vec() {
        if page.is_full() {
            break;
        }
        let mut rows = statement.query([position])?;
        let row = rows.next()?.ok_or_else(|| damaged(format!("the event at {position} is in an index only")))?;
        page.push(read(row)?);
    }
    Ok(page.events)
}

/// The lowest positions seen so far.
struct Lowest {
    positions: BinaryHeap<i64>,
    max: usize,
}

impl Lowest {
    /// Whether this position, and so every greater one, comes too late.
    fn is_beyond(&self, position: i64) -> bool {
        self.positions.len() == self.max && self.positions.peek().is_some_and(|last| position > *last)
    }

    fn push(&mut self, position: i64) {
        self.positions.push(position);
        if self.positions.len() > self.max {
            self.positions.pop();
        }
    }
}

/// The first day from this one on with events of the type.
fn next_day(connection: &Connection, application: i64, event_type: &str, from: i64) -> Result<Option<i64>, Failure> {
    let mut statement = connection
        .prepare_cached("SELECT min(day) FROM event WHERE application = ? AND event_type = ? AND day >= ?")?;
    Ok(statement.query_row(params![application, event_type, from], |row| row.get(0))?)
}

fn collect(
    connection: &Connection,
    application: i64,
    event_type: &str,
    day: i64,
    span: &Range<Timestamp>,
    after: u64,
    first: &mut Lowest,
) -> Result<(), Failure> {
    let span = span.start.as_microsecond()..span.end.as_microsecond();
    let mut statement = connection.prepare_cached(
        "SELECT position, at FROM event INDEXED BY event_of_type
         WHERE application = ? AND event_type = ? AND day = ? AND position > ? ORDER BY position",
    )?;
    let mut rows = statement.query(params![application, event_type, day, as_sql(after)])?;
    while let Some(row) = rows.next()? {
        let position = row.get(0)?;
        if first.is_beyond(position) {
            break;
        }
        if span.contains(&row.get(1)?) {
            first.push(position);
        }
    }
    Ok(())
}

fn as_sql(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

fn read(row: &Row<'_>) -> Result<EventRow, Failure> {
    Ok(EventRow {
        position: row.get::<_, i64>(0)?.cast_unsigned(),
        arrived_at: time(row.get(1)?)?,
        event: Event {
            endpoint_id: row.get(2)?,
            id: row.get(3)?,
            event_type: row.get(4)?,
            at: time(row.get(5)?)?,
            document: row.get(6)?,
        },
    })
}

fn time(microseconds: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_microsecond(microseconds).map_err(|_| damaged(format!("{microseconds} µs is not a time")))
}
