//! Logs and metrics: the only place that spells a metric's name.

pub mod metric;
