//! Operations that are on their way.

mod channels;
mod endpoints;
mod event_streams;
mod events;
mod jobs;
mod journeys;
mod messages;
mod recommenders;
mod segments;
mod templates;
