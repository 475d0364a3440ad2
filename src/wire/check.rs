//! Checks of what types alone do not say: that enumerations hold values which exist.

use std::collections::BTreeMap;

use super::invalid::{Invalid, Problem};

/// A shape of requests that can be checked.
pub trait Check {
    /// Finds the first value that is not allowed. Cheap when all is well.
    fn check(&self) -> Result<(), Invalid>;
}

/// A key of a map.
pub trait Key {
    fn text(&self) -> &str;

    fn check_key(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Key for String {
    fn text(&self) -> &str {
        self
    }
}

impl<T: Check> Check for Option<T> {
    fn check(&self) -> Result<(), Invalid> {
        self.as_ref().map_or(Ok(()), T::check)
    }
}

impl<T: Check> Check for Vec<T> {
    fn check(&self) -> Result<(), Invalid> {
        let mut items = self.iter().enumerate();
        items.try_for_each(|(at, item)| item.check().map_err(|invalid| invalid.in_item(at)))
    }
}

impl<K: Key, V: Check> Check for BTreeMap<K, V> {
    fn check(&self) -> Result<(), Invalid> {
        self.iter().try_for_each(|(key, value)| {
            key.check_key()?;
            value.check().map_err(|invalid| invalid.in_key(key.text()))
        })
    }
}

/// Checks a member and names it in what is wrong.
pub fn member(name: &str, value: &impl Check) -> Result<(), Invalid> {
    value.check().map_err(|invalid| invalid.in_member(name))
}

/// A value that an enumeration does not have.
pub fn unknown(value: &str, allowed: &[&'static str]) -> Invalid {
    Problem::NotOneOf { value: value.to_owned(), allowed: allowed.to_vec() }.at("")
}
