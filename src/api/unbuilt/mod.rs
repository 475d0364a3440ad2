//! Operations that are on their way.

mod event_streams;
mod journeys;
mod recommenders;
mod templates;
