//! Operations that are on their way.

mod campaigns;
mod endpoints;
mod event_streams;
mod events;
mod jobs;
mod journeys;
mod kpis;
mod recommenders;
mod segments;
mod templates;
