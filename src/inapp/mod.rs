//! In-app messages: what may be written in them, and which of them an endpoint may show. Pure.
//!
//! Apps fetch these messages and show them by themselves, so what leaves here has to be harmless wherever it is shown:
//! [`sanitise`] is asked when a message is written and again when it is read. Which campaigns run, and whom they are for, is
//! the business of `campaign/in_app`.

mod cap;
mod json;
mod link;
pub mod offer;
pub mod sanitise;
mod text;

pub use cap::{Caps, Shown};
pub use offer::Offer;
pub use sanitise::{Parts, Removal};
