//! Operations that are on their way.

mod campaigns;
mod channels;
mod endpoints;
mod events;
mod jobs;
mod kpis;
mod messages;
mod segments;
