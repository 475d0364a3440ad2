//! How far readers of an application's events have come.

use super::Call;
use crate::domain::{ApplicationId, CampaignId};

/// A reader of events, and the position up to which it has dealt with them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reader {
    pub application_id: ApplicationId,
    /// Unique in its application.
    pub name: String,
    pub position: u64,
}

/// The name of the reader with which a campaign listens to events. It is forgotten with the campaign.
pub fn of_campaign(id: &CampaignId) -> String {
    format!("campaign:{id}")
}

/// Places of readers. Those of a removed application are unknown from then on.
pub trait ReaderStore: Send + Sync {
    /// The position of a reader; `None` for one that was never written.
    fn reader(&self, application: &ApplicationId, name: &str) -> Call<'_, Option<u64>>;

    /// Writes how far a reader has come, also if that is further back.
    ///
    /// Errors: [`NotFound`](super::Error::NotFound) for an unknown application.
    fn put_reader(&self, reader: Reader) -> Call<'_, ()>;

    /// Forgets a reader, if there is one.
    fn delete_reader(&self, application: &ApplicationId, name: &str) -> Call<'_, ()>;
}
