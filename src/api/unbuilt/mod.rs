//! Operations that are on their way.

mod kpis;
