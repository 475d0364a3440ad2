//! Read, change, write: again from the reading when somebody else wrote meanwhile.

use crate::domain::ApplicationId;
use crate::store::{self, Definition, DefinitionWrite, Kind, Store, Versioning};

use super::Error;

/// Readings of one change before it gives up.
const ATTEMPTS_MAX: usize = 8;

/// What a change makes of a definition.
pub struct Changed<T> {
    pub document: String,
    pub versioning: Versioning,
    /// What the change tells its caller.
    pub value: T,
}

/// Changes a definition, or makes it. `change` sees what is there and says what is to be there; it may run more than once.
///
/// Errors: those of `change`; 429 when others changed the same thing all the time.
pub async fn change<T>(
    store: &dyn Store,
    owner: Option<&ApplicationId>,
    kind: Kind,
    id: &str,
    now: &str,
    mut change: impl FnMut(Option<&Definition>) -> Result<Changed<T>, Error>,
) -> Result<(Definition, T), Error> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let before = latest(store, owner, kind, id).await?;
        let Changed { document, versioning, value } = change(before.as_ref())?;
        let after = before.map(|before| before.revision);
        let write = DefinitionWrite { kind, id: id.to_owned(), document, versioning, after, now: now.to_owned() };
        match store.write_definition(owner, write).await {
            Ok(definition) => return Ok((definition, value)),
            Err(store::Error::Conflict { .. }) if attempts < ATTEMPTS_MAX => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The latest version, whichever is the active one.
pub async fn latest(
    store: &dyn Store,
    owner: Option<&ApplicationId>,
    kind: Kind,
    id: &str,
) -> Result<Option<Definition>, store::Error> {
    Ok(store.definition_versions(owner, kind, id, None, 1).await?.into_iter().next())
}
