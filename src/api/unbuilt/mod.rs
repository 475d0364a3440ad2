//! Operations that are on their way.

<<<<<<< HEAD
mod kpis;
=======
mod event_streams;
mod journeys;
mod recommenders;
mod templates;
>>>>>>> sched
