//! Statements that read endpoints.

use std::collections::HashMap;

use roaring::RoaringBitmap;
use rusqlite::{Connection, Row, params};

use super::{number_of, row_key};
use crate::domain::{ChannelType, EndpointNumber};
use crate::store::EndpointPage;
use crate::store::sqlite::failure::{Failure, damaged};
use crate::store::sqlite::lookup::{Index, Key};
use crate::store::upsert::{Address, Places};

/// Numbers that may be missing between two wanted ones which are read in one go: to step over a row is cheaper than to
/// search for one.
const GAP_MAX: EndpointNumber = 16;

/// The endpoint of this id.
pub fn by_id(connection: &Connection, application: i64, id: &str) -> Result<EndpointPage, Failure> {
    page_of(connection, application, Key::of_id(id), |stored, _| Ok(stored == id))
}

/// The numbers of the endpoints with these ids.
pub fn numbers_of(
    connection: &Connection,
    application: i64,
    ids: &[String],
) -> Result<Vec<Option<EndpointNumber>>, Failure> {
    let mut keys: Vec<_> = ids.iter().map(|id| Key::of_id(id)).collect();
    keys.sort_unstable();
    keys.dedup();
    let candidates = Index::new(connection, application).find(&keys)?;
    let mut numbers = HashMap::new();
    each(connection, application, candidates, |number, id, _| {
        numbers.insert(id.to_owned(), number);
        Ok(())
    })?;
    Ok(ids.iter().map(|id| numbers.get(id).copied()).collect())
}

/// All endpoints of the user.
pub fn of_user(connection: &Connection, application: i64, user: &str) -> Result<EndpointPage, Failure> {
    page_of(connection, application, Key::of_user(user), |id, document| {
        let places = Places::read(document).map_err(|error| unreadable(id, &error))?;
        Ok(places.user.as_deref() == Some(user))
    })
}

/// All active endpoints with this channel type and address.
pub fn at_address(
    connection: &Connection,
    application: i64,
    channel_type: ChannelType,
    address: &str,
) -> Result<EndpointPage, Failure> {
    let Some(address) = Address::new(channel_type, address) else { return Ok(EndpointPage::default()) };
    page_of(connection, application, Key::of_address(&address), |id, document| {
        let places = Places::read(document).map_err(|error| unreadable(id, &error))?;
        Ok(places.found_at() == Some(&address))
    })
}

/// The endpoints under this key that are what was looked for.
fn page_of(
    connection: &Connection,
    application: i64,
    key: Key,
    is_wanted: impl Fn(&str, &[u8]) -> Result<bool, Failure>,
) -> Result<EndpointPage, Failure> {
    let numbers = Index::new(connection, application).find(&[key])?;
    let mut page = EndpointPage::default();
    each(connection, application, numbers, |number, id, document| {
        if is_wanted(id, document)? {
            page.push(number, id, document);
        }
        Ok(())
    })?;
    Ok(page)
}

/// The numbers of all endpoints: those given, without those taken back.
pub fn numbers(connection: &Connection, application: i64) -> Result<RoaringBitmap, Failure> {
    let mut statement = connection.prepare_cached("SELECT next_number FROM application WHERE key = ?")?;
    let next: EndpointNumber = statement.query_row([application], |row| row.get(0))?;
    let mut numbers = RoaringBitmap::new();
    numbers.insert_range(0..next);
    let mut statement = connection.prepare_cached("SELECT key FROM endpoint_removed WHERE key BETWEEN ? AND ?")?;
    let mut rows = statement.query(params![row_key(application, 0), row_key(application, EndpointNumber::MAX)])?;
    while let Some(row) = rows.next()? {
        numbers.remove(number_of(row.get(0)?));
    }
    Ok(numbers)
}

/// Up to `endpoints_max` endpoints with numbers from `from` on.
pub fn scan(
    connection: &Connection,
    application: i64,
    from: EndpointNumber,
    endpoints_max: usize,
) -> Result<EndpointPage, Failure> {
    let mut statement = connection
        .prepare_cached("SELECT key, id, document FROM endpoint WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?")?;
    let (first, last) = (row_key(application, from), row_key(application, EndpointNumber::MAX));
    let mut rows = statement.query(params![first, last, i64::try_from(endpoints_max).unwrap_or(i64::MAX)])?;
    let mut page = EndpointPage::default();
    while let Some(row) = rows.next()? {
        let (number, id, document) = columns(row)?;
        page.push(number, id, document);
    }
    Ok(page)
}

/// The endpoints with these ascending numbers.
pub fn load(connection: &Connection, application: i64, numbers: &[EndpointNumber]) -> Result<EndpointPage, Failure> {
    let mut page = EndpointPage::default();
    each(connection, application, numbers.iter().copied(), |number, id, document| {
        page.push(number, id, document);
        Ok(())
    })?;
    Ok(page)
}

/// Numbers of endpoints that share an address with another one.
pub fn sharing_address(connection: &Connection, application: i64) -> Result<RoaringBitmap, Failure> {
    Index::new(connection, application).sharing_address()
}

/// Passes the endpoints with these ascending numbers on.
pub fn each(
    connection: &Connection,
    application: i64,
    numbers: impl IntoIterator<Item = EndpointNumber>,
    mut take: impl FnMut(EndpointNumber, &str, &[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut statement =
        connection.prepare_cached("SELECT key, id, document FROM endpoint WHERE key BETWEEN ? AND ? ORDER BY key")?;
    let mut numbers = numbers.into_iter().peekable();
    let mut stretch = Vec::new();
    while let Some(first) = numbers.next() {
        stretch.clear();
        stretch.push(first);
        let mut last = first;
        while let Some(next) = numbers.next_if(|next| next.saturating_sub(last) <= GAP_MAX) {
            stretch.push(next);
            last = next;
        }
        let mut wanted = stretch.iter().copied().peekable();
        let mut rows = statement.query([row_key(application, first), row_key(application, last)])?;
        while let Some(row) = rows.next()? {
            let number = number_of(row.get(0)?);
            while wanted.next_if(|wanted| *wanted < number).is_some() {}
            if wanted.next_if_eq(&number).is_some() {
                let (number, id, document) = columns(row)?;
                take(number, id, document)?;
            }
        }
    }
    Ok(())
}

fn columns<'a>(row: &'a Row<'_>) -> Result<(EndpointNumber, &'a str, &'a [u8]), Failure> {
    let id = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
    let document = row.get_ref(2)?.as_bytes().map_err(rusqlite::Error::from)?;
    Ok((number_of(row.get(0)?), id, document))
}

/// The failure of a document that is not one of ours.
pub fn unreadable(id: &str, error: &serde_json::Error) -> Failure {
    damaged(format!("endpoint `{id}` is not readable: {error}"))
}
