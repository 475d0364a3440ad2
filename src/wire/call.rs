//! A request apart from its body, and what those who answer have in common.

use super::invalid::{Invalid, Problem};

/// Answers calls of the API. One value answers one request.
pub trait Service: Send + Sync {
    type Error: From<Invalid> + Send;
}

/// The parameters of a request, percent-decoded.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Parts {
    /// Names as the operation's path has them in braces.
    pub path: Vec<(String, String)>,
    /// In the order they came. A name may come more than once.
    pub query: Vec<(String, String)>,
}

impl Parts {
    /// Takes a parameter out of the path.
    pub fn take(&mut self, name: &str) -> Result<String, Invalid> {
        let found = self.path.iter().position(|(found, _)| found == name);
        // An empty part names nothing.
        found.map(|at| self.path.swap_remove(at).1).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
    }

    /// Takes a parameter out of the query; the first, if there are several.
    pub fn query(&mut self, name: &str) -> Option<String> {
        let at = self.query.iter().position(|(found, _)| found == name)?;
        Some(self.query.remove(at).1)
    }

    /// Takes all parameters with this name out of the query. There must be one.
    pub fn values(&mut self, name: &str) -> Result<Vec<String>, Invalid> {
        let found: Vec<String> =
            self.query.extract_if(.., |(found, _)| found == name).map(|(_, value)| value).collect();
        if found.is_empty() { Err(missing(name)) } else { Ok(found) }
    }

    /// Takes `true` or `false` out of the query.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Invalid> {
        let Some(value) = self.query(name) else { return Ok(None) };
        match value.as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(Problem::NotOneOf { value, allowed: vec!["true", "false"] }.at(name)),
        }
    }
}

fn missing(name: &str) -> Invalid {
    Problem::Missing { rule: "it is required" }.at(name)
}
