//! The Pinpoint API, written by `generate-wire` from `pinpoint-model.json`. Do not edit.
#![allow(missing_docs)]
#![cfg_attr(rustfmt, rustfmt::skip)]

mod checks;
mod dispatch;
mod inputs;
mod operation;
mod services;
mod shapes;

pub use dispatch::{dispatch, examine};
pub use inputs::*;
pub use operation::Operation;
pub use services::*;
pub use shapes::*;
