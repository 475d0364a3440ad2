//! The API's shapes: generated from the model, plus those written by hand, each with its reason.
//!
//! * [`endpoint`]: stored endpoint documents are on the hot path, where borrowed views and byte copies count.
//! * [`lenient`]: clients send scalars where the model says lists.

pub mod endpoint;
pub mod generated;
#[cfg(any(test, feature = "generate"))]
pub mod generator;
pub mod lenient;
