//! Forgetting the secret of references, for when the key that opens it is lost.

use super::Error;
use crate::campaign::feedback;
use crate::config::Config;
use crate::store::sqlite;

/// Forgets the secret that references are signed with; the next message makes a new one. Whatever was signed with the old
/// one is good for nothing from then on: links to unsubscribe, and reports about messages that are out.
///
/// Shape: whether there was one. Errors: a store that another process works on.
pub async fn reset_feedback(config: &Config) -> Result<bool, Error> {
    let store = sqlite::Sqlite::open(&config.data.directory, sqlite::Mode::Exclusive)?;
    Ok(feedback::forget_secret(&store).await?)
}
