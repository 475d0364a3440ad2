//! Removal of attributes by name, in steps.

use std::collections::BTreeSet;

use super::write::replace;
use super::{names, read};
use crate::domain::{Endpoint, EndpointNumber};
use crate::store::AttributeGroup;
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::writer::Session;
use crate::wire;

/// Endpoints looked through in one write: some tens of milliseconds when all of them have the attribute.
const ENDPOINTS_AT_ONCE: usize = 2_000;

/// Begins: marks those of the names that are in use as leaving, and returns them in their order.
pub fn begin(
    session: &mut Session,
    application: i64,
    group: AttributeGroup,
    names: Vec<String>,
) -> Result<Vec<String>, Failure> {
    let stored = names::all(&session.connection, application)?;
    let mut seen = BTreeSet::new();
    let found = names.into_iter().filter(|name| stored.get(name).is_some_and(|groups| groups.may_hold(group)));
    let found: Vec<_> = found.filter(|name| seen.insert(name.clone())).collect();
    for name in &found {
        let mut groups = stored[name];
        groups.leave(group);
        names::put(&session.connection, application, name, groups)?;
    }
    session.endpoints.reload_names(&session.connection, application)?;
    Ok(found)
}

/// Looks through some endpoints from this number on; returns where to go on, or `None` at the end.
pub fn step(
    session: &Session,
    application: i64,
    group: AttributeGroup,
    names: &[String],
    from: EndpointNumber,
) -> Result<Option<EndpointNumber>, Failure> {
    let connection = &session.connection;
    let page = read::scan(connection, application, from, ENDPOINTS_AT_ONCE)?;
    let quoted: Vec<_> = names.iter().map(|name| serde_json::Value::from(name.as_str()).to_string()).collect();
    for endpoint in page.iter() {
        // Most endpoints are told by this alone, without reading them.
        if !quoted.iter().any(|name| memchr::memmem::find(endpoint.document, name.as_bytes()).is_some()) {
            continue;
        }
        let mut changed =
            wire::endpoint::read(endpoint.document).map_err(|error| read::unreadable(endpoint.id, &error))?;
        if names.iter().filter(|name| remove(&mut changed, group, name)).count() > 0 {
            replace(connection, application, endpoint.number, &wire::endpoint::write(&changed))?;
        }
    }
    let last = page.len().checked_sub(1).map(|last| page.get(last).number);
    Ok(last.and_then(|last| last.checked_add(1)))
}

/// Ends: frees the names but for those that came back meanwhile.
pub fn end(session: &mut Session, application: i64, group: AttributeGroup, names: &[String]) -> Result<(), Failure> {
    let stored = names::all(&session.connection, application)?;
    for name in names {
        if let Some(mut groups) = stored.get(name).copied() {
            groups.left(group);
            names::put(&session.connection, application, name, groups)?;
        }
    }
    session.endpoints.reload_names(&session.connection, application)
}

fn remove(endpoint: &mut Endpoint, group: AttributeGroup, name: &str) -> bool {
    match group {
        AttributeGroup::Endpoint => endpoint.attributes.remove(name).is_some(),
        AttributeGroup::Metric => endpoint.metrics.remove(name).is_some(),
        AttributeGroup::User => endpoint.user.attributes.remove(name).is_some(),
    }
}
