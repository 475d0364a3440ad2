//! In-app messages that were shown, as the events of clients say.

use jiff::Timestamp;

use super::Call;
use crate::domain::ApplicationId;

/// A display of an in-app message, or the beginning of a session after one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Display {
    pub endpoint_id: String,
    /// The campaign as the client named it. Empty where only a session began.
    pub campaign: String,
    /// The client's id of the session in which it was shown.
    pub session: Option<String>,
    /// When it was shown, as the client says; never after the event arrived.
    pub at: Timestamp,
}

/// Displays of in-app messages. They are kept with the events that tell of them, in the same call, and stay when those are
/// removed.
pub trait DisplayStore: Send + Sync {
    /// What these endpoints have shown; and for each that has shown something, its newest session, if an event of it named one
    /// since. Of each endpoint the newest [`IN_APP_DISPLAYS_MAX`](crate::domain::limit::IN_APP_DISPLAYS_MAX) are kept.
    ///
    /// Shape: for each endpoint in the order of arrival.
    fn displays(&self, application: &ApplicationId, endpoint_ids: Vec<String>) -> Call<'_, Vec<Display>>;
}
