//! What a campaign is made of: pure types and rules, free of I/O, clocks and wire spelling.

mod channel;
pub mod circuit;
mod cohort;
pub mod endpoint;
mod fate;
pub mod glob;
mod id;
pub mod limit;
mod pause;

pub use channel::ChannelType;
pub use cohort::{Allotment, Cohort, Share};
pub use endpoint::{AddressNews, Endpoint, EndpointNumber, EndpointStatus, EndpointUpdate, OptOut};
pub use fate::{Fate, Tally};
pub use id::{ActivityId, ApplicationId, CampaignId, SegmentId, TreatmentId};
pub use pause::pause;
