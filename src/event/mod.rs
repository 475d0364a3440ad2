//! Events of applications: which campaigns they trigger, how the event stream tells of them, and where it puts its records.
//!
//! Records are written in Pinpoint's own format. Who reads the store and keeps the stream going is `campaign/stream`.

pub mod filter;
pub mod record;
pub mod sink;
