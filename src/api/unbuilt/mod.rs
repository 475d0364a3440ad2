//! Operations that are on their way.

mod channels;
mod endpoints;
mod event_streams;
mod events;
mod journeys;
mod kpis;
mod messages;
mod recommenders;
mod templates;
