//! Whole campaigns, one scenario a file.

mod caps;
mod crash;
pub mod dead_letters;
mod drain;
mod eligibility;
mod failures;
mod fallback;
mod hold;
mod hook;
mod overrides;
mod pace;
mod scheduler;
mod template;
mod time;
mod treatments;
