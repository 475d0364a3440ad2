//! The way of an endpoint through a campaign.

pub mod compose;
pub mod message;
