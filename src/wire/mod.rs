//! The API's shapes: generated from the model, plus those written by hand, each with its reason.
//!
//! * [`endpoint`]: stored endpoint documents are on the hot path, where borrowed views and byte copies count.
//! * [`endpoint_update`]: requests that write endpoints are read leniently and checked.
//! * [`instant`], [`lenient`]: clients send other times than the model says, and scalars where it says lists.
//! * [`invalid`]: what is wrong with a value.

pub mod endpoint;
pub mod endpoint_update;
pub mod generated;
#[cfg(any(test, feature = "generate"))]
pub mod generator;
pub mod instant;
pub mod invalid;
pub mod lenient;
