//! Functions written for AWS Lambda that run on this machine.

pub mod policy;
