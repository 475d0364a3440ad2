//! The API's shapes and operations: generated from the model, plus what is written by hand, each with its reason.
//!
//! * [`body`], [`strict`], [`check`]: how bodies of requests become checked shapes.
//! * [`call`]: the rest of a request, and what those who answer have in common.
//! * [`endpoint`]: stored endpoint documents are on the hot path, where borrowed views and byte copies count.
//! * [`endpoint_update`]: requests that write endpoints are read leniently and checked; [`endpoint_batch`]: so are many at once.
//! * [`event`]: events are checked one by one and kept as they were sent.
//! * [`instant`], [`lenient`]: clients send other times than the model says, and scalars where it says lists.
//! * [`invalid`]: what is wrong with a value.
//! * [`secret`]: credentials that must not show up in logs.

pub mod body;
mod bounded;
pub mod call;
pub mod check;
pub mod endpoint;
pub mod endpoint_batch;
pub mod endpoint_update;
pub mod event;
pub mod generated;
#[cfg(any(test, feature = "generate"))]
pub mod generator;
pub mod instant;
pub mod invalid;
pub mod lenient;
pub mod secret;
pub mod strict;
