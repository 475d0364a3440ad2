//! Operations that are on their way.

mod campaigns;
mod channels;
mod event_streams;
mod jobs;
mod journeys;
mod kpis;
mod messages;
mod recommenders;
mod segments;
mod templates;
