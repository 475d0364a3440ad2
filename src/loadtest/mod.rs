//! The load tester of hooks: calls at the rate of a plan, whatever the function does, and a report.

pub mod report;
