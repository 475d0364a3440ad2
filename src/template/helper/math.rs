//! Helpers that calculate. Results are exact for whole numbers up to 2^53; fractions are rounded to nine decimals.

use serde_json::Value;

use super::function::{Absent, Arguments, Function};
use crate::template::value;

pub const FUNCTIONS: &[Function] = &[
    binary("add", |arguments| calculate(arguments, |a, b| a + b)),
    binary("subtract", |arguments| calculate(arguments, |a, b| a - b)),
    binary("multiply", |arguments| calculate(arguments, |a, b| a * b)),
    binary("divide", |arguments| {
        not_by_zero(arguments)?;
        calculate(arguments, |a, b| a / b)
    }),
    // As in Java, the remainder has the sign of what is divided.
    binary("modulo", |arguments| {
        not_by_zero(arguments)?;
        calculate(arguments, |a, b| a % b)
    }),
    unary("ceiling", |arguments| result(arguments.number(0)?.ceil())),
    unary("floor", |arguments| result(arguments.number(0)?.floor())),
    // Halves go away from zero, as people round prices.
    unary("round", |arguments| result(arguments.number(0)?.round())),
];

type Apply = fn(&Arguments<'_, '_>) -> Result<Value, String>;

const fn binary(name: &'static str, apply: Apply) -> Function {
    Function { name, arguments: 2..=2, absent: Absent::Missing, apply }
}

const fn unary(name: &'static str, apply: Apply) -> Function {
    Function { name, arguments: 1..=1, absent: Absent::Missing, apply }
}

fn calculate(arguments: &Arguments<'_, '_>, operation: fn(f64, f64) -> f64) -> Result<Value, String> {
    result(operation(arguments.number(0)?, arguments.number(1)?))
}

fn not_by_zero(arguments: &Arguments<'_, '_>) -> Result<(), String> {
    if arguments.number(1)? == 0.0 {
        return Err(format!("{} is zero", arguments.describe(1)));
    }
    Ok(())
}

fn result(number: f64) -> Result<Value, String> {
    value::from_number(number).ok_or_else(|| "the result is too large".to_owned())
}
