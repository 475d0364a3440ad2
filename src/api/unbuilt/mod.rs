//! Operations that are on their way.

mod endpoints;
mod event_streams;
mod events;
mod journeys;
mod kpis;
mod recommenders;
mod templates;
