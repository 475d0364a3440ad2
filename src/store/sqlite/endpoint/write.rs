//! Statements that write endpoints.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashSet};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};

use super::names;
use super::read::{self, unreadable};
use super::row_key;
use crate::domain::{EndpointNumber, EndpointStatus, OptOut};
use crate::store::names::Names;
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::lookup::{Entry, Filter, Index, Key};
use crate::store::sqlite::writer::{Session, Size};
use crate::store::upsert::{Change, Places, Upsert};
use crate::store::{Cause, EndpointWrite, Owner, Refused, Withdrawal};
use crate::wire;

/// What the writer keeps in memory of the applications it writes to, by their keys.
#[derive(Default)]
pub struct Cache(HashMap<i64, Known>);

impl Cache {
    /// Forgets an application.
    pub fn forget(&mut self, application: i64) {
        self.0.remove(&application);
    }

    /// Reads the names of an application again.
    pub fn reload_names(&mut self, connection: &Connection, application: i64) -> Result<(), Failure> {
        // Taken out, so that all is read again should this fail.
        if let Some(mut known) = self.0.remove(&application) {
            known.names = names::all(connection, application)?;
            self.0.insert(application, known);
        }
        Ok(())
    }
}

/// What the writer keeps of one application.
struct Known {
    names: Names,
    /// All keys of the index; `None` until there is a bulk write.
    filter: Option<Filter>,
}

/// Creates or updates endpoints.
pub fn upsert(
    session: &mut Session,
    application: i64,
    writes: Vec<EndpointWrite>,
    owner: Option<Owner>,
    size: Size,
    now: &str,
) -> Result<Vec<Result<EndpointNumber, Refused>>, Failure> {
    let connection = &session.connection;
    let index = Index::new(connection, application);
    // Taken out, so that it is read again should this fail half-way.
    let mut known = match session.endpoints.0.remove(&application) {
        Some(known) => known,
        None => Known { names: names::all(connection, application)?, filter: None },
    };
    if known.filter.is_none() && size == Size::Bulk {
        known.filter = Some(Filter::build(index)?);
    }

    let mut upsert = Upsert::new(writes, owner);
    let ids = upsert.ids().map(Key::of_id).collect();
    load(&mut upsert, index, connection, application, &known, ids)?;
    let needs = upsert.needs();
    let users = needs.users.iter().copied().map(Key::of_user);
    let places = users.chain(needs.addresses.iter().map(Key::of_address)).collect();
    load(&mut upsert, index, connection, application, &known, places)?;

    let next: EndpointNumber = connection
        .prepare_cached("SELECT next_number FROM application WHERE key = ?")?
        .query_row([application], |row| row.get(0))?;
    let changes = upsert.apply(&mut known.names, next, now);
    for (name, groups) in &changes.names {
        names::put(connection, application, name, *groups)?;
    }
    let entries: Vec<_> = changes.rows.iter().flat_map(entries).collect();
    save(connection, application, &changes.rows)?;
    if changes.next_number != next {
        connection
            .prepare_cached("UPDATE application SET next_number = ? WHERE key = ?")?
            .execute(params![changes.next_number, application])?;
    }
    known.filter = known.filter.and_then(|filter| filter.extended(entries.iter().map(|entry| entry.key)));
    index.add(entries)?;
    session.endpoints.0.insert(application, known);
    Ok(changes.results)
}

/// Gives the endpoints that may be found under these keys to the upsert.
fn load(
    upsert: &mut Upsert,
    index: Index<'_>,
    connection: &Connection,
    application: i64,
    known: &Known,
    mut keys: Vec<Key>,
) -> Result<(), Failure> {
    if let Some(filter) = &known.filter {
        keys.retain(|key| filter.may_hold(*key));
    }
    keys.sort_unstable();
    keys.dedup();
    let numbers = index.find(&keys)?;
    read::each(connection, application, numbers, |number, id, document| Ok(upsert.add(number, id, document)?))
}

fn save(connection: &Connection, application: i64, changes: &[Change]) -> Result<(), Failure> {
    let mut insert = connection.prepare_cached("INSERT INTO endpoint (key, id, document) VALUES (?, ?, ?)")?;
    for change in changes {
        if change.before.is_none() {
            insert.execute(params![row_key(application, change.number), change.id, text(&change.document)])?;
        } else {
            replace(connection, application, change.number, &change.document)?;
        }
    }
    Ok(())
}

/// Replaces the document of an endpoint.
pub fn replace(
    connection: &Connection,
    application: i64,
    number: EndpointNumber,
    document: &[u8],
) -> Result<(), Failure> {
    connection
        .prepare_cached("UPDATE endpoint SET document = ? WHERE key = ?")?
        .execute(params![text(document), row_key(application, number)])?;
    Ok(())
}

/// Binds JSON as text, which SQLite's own JSON functions take.
fn text(document: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(document))
}

/// What a change means to the index.
fn entries(change: &Change) -> impl Iterator<Item = Entry> {
    let number = change.number;
    let id = change.before.is_none().then(|| Key::of_id(&change.id));
    let [before, after] = [change.before.as_ref(), Some(&change.after)].map(Key::of_places);
    let removed = before.into_iter().flatten().filter(move |key| !after.contains(&Some(*key)));
    let added = after.into_iter().flatten().filter(move |key| !before.contains(&Some(*key)));
    let removed = removed.map(move |key| Entry { key, number, removed: true });
    removed.chain(id.into_iter().chain(added).map(move |key| Entry { key, number, removed: false }))
}

/// Removes endpoints and says how many there were.
pub fn delete(session: &mut Session, application: i64, ids: Vec<String>) -> Result<u64, Failure> {
    let connection = &session.connection;
    let index = Index::new(connection, application);
    let mut keys: Vec<_> = ids.iter().map(|id| Key::of_id(id)).collect();
    keys.sort_unstable();
    keys.dedup();
    let ids: HashSet<_> = ids.into_iter().collect();

    let mut deleted = Vec::new();
    let mut entries = Vec::new();
    read::each(connection, application, index.find(&keys)?, |number, id, document| {
        if ids.contains(id) {
            let places = Places::read(document).map_err(|error| unreadable(id, &error))?;
            let keys = std::iter::once(Key::of_id(id)).chain(Key::of_places(Some(&places)).into_iter().flatten());
            entries.extend(keys.map(|key| Entry { key, number, removed: true }));
            deleted.push(number);
        }
        Ok(())
    })?;
    for &number in &deleted {
        let key = row_key(application, number);
        connection.prepare_cached("DELETE FROM endpoint WHERE key = ?")?.execute([key])?;
        connection.prepare_cached("INSERT INTO endpoint_removed (key) VALUES (?)")?.execute([key])?;
    }
    index.add(entries)?;
    Ok(deleted.len() as u64)
}

/// Makes endpoints inactive or opts them out, whose address is still the one given, if one is.
pub fn withdraw(session: &mut Session, application: i64, withdrawn: &[Withdrawal]) -> Result<(), Failure> {
    let connection = &session.connection;
    let mut by_number: BTreeMap<EndpointNumber, Vec<&Withdrawal>> = BTreeMap::new();
    for withdrawal in withdrawn {
        by_number.entry(withdrawal.number).or_default().push(withdrawal);
    }
    let mut entries = Vec::new();
    let mut changed = Vec::new();
    read::each(connection, application, by_number.keys().copied().collect::<Vec<_>>(), |number, id, document| {
        let mut endpoint = wire::endpoint::read(document).map_err(|error| unreadable(id, &error))?;
        let before = (endpoint.status, endpoint.opt_out);
        let address = endpoint.address.clone();
        for withdrawal in by_number[&number].iter().filter(|known| known.address.is_none() || known.address == address)
        {
            match withdrawal.cause {
                Cause::Dead => endpoint.status = EndpointStatus::Inactive,
                Cause::OptedOut => endpoint.opt_out = OptOut::All,
            }
        }
        if before == (endpoint.status, endpoint.opt_out) {
            return Ok(());
        }
        if endpoint.status != before.0 {
            let places = Places::read(document).map_err(|error| unreadable(id, &error))?;
            let keys = places.found_at().map(Key::of_address);
            entries.extend(keys.map(|key| Entry { key, number, removed: true }));
        }
        changed.push((number, wire::endpoint::write(&endpoint)));
        Ok(())
    })?;
    for (number, document) in changed {
        replace(connection, application, number, &document)?;
    }
    Index::new(connection, application).add(entries)
}
