//! Schedules as a whole: known cases from files, and properties over years.

mod cases;
mod properties;
