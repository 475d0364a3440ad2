//! What providers report about messages after they took them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::StopWords;
use crate::domain::ChannelType;

/// Where reports go that come in over an adapter's own connection.
#[derive(Clone)]
pub struct Reports {
    pub sender: mpsc::Sender<Report>,
    pub stop_words: Arc<StopWords>,
}

/// A provider's report about one message, or about a receiver.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    pub channel_type: ChannelType,
    pub kind: ReportKind,
    /// What the message carried as its [`reference`](super::Message::reference), if the provider gives it back.
    pub reference: Option<String>,
    /// The receiver's address, as the provider writes it.
    pub address: Option<String>,
    /// What the provider calls the message.
    pub message_id: Option<String>,
    /// When it happened, if the provider says so.
    pub at: Option<Timestamp>,
    /// What else it tells, by the names that events have it under (`record_status`, `smtp_response`, …).
    pub details: BTreeMap<String, String>,
}

/// What a report says.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ReportKind {
    /// On its way, and no longer in the provider's hands.
    Buffered,
    Delivered,
    /// Not delivered, and another message may be.
    SoftBounce,
    /// The address does not work.
    HardBounce,
    /// Not delivered, for a reason that is not the address'.
    Failed,
    /// The provider refused it after it took it.
    Rejected,
    RenderingFailure,
    Opened,
    Clicked,
    /// The receiver calls it unwanted.
    Complaint,
    /// The receiver wants no more messages.
    OptOut,
}
