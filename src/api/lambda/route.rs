//! Which operation of Lambda a request is for. Pure.

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::error::Error;
use crate::hook::local;

/// Bytes of a zip file that is uploaded. Source: AWS Lambda developer guide, "Lambda quotas", deployment package.
pub const CODE_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Bytes of a request with such a file, as base64 in JSON. Source: what Lambda answers when it is more.
const CODE_REQUEST_BYTES_MAX: usize = 70_167_211;
/// Bytes of all other requests: more than any of them needs.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// What is served of Lambda.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    Invoke,
    ListFunctions,
    GetFunction,
    GetFunctionConfiguration,
    CreateFunction,
    UpdateFunctionCode,
    UpdateFunctionConfiguration,
    DeleteFunction,
    AddPermission,
    GetPolicy,
    RemovePermission,
}

impl Operation {
    pub const ALL: [Self; 11] = [
        Self::Invoke,
        Self::ListFunctions,
        Self::GetFunction,
        Self::GetFunctionConfiguration,
        Self::CreateFunction,
        Self::UpdateFunctionCode,
        Self::UpdateFunctionConfiguration,
        Self::DeleteFunction,
        Self::AddPermission,
        Self::GetPolicy,
        Self::RemovePermission,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Invoke => "Invoke",
            Self::ListFunctions => "ListFunctions",
            Self::GetFunction => "GetFunction",
            Self::GetFunctionConfiguration => "GetFunctionConfiguration",
            Self::CreateFunction => "CreateFunction",
            Self::UpdateFunctionCode => "UpdateFunctionCode",
            Self::UpdateFunctionConfiguration => "UpdateFunctionConfiguration",
            Self::DeleteFunction => "DeleteFunction",
            Self::AddPermission => "AddPermission",
            Self::GetPolicy => "GetPolicy",
            Self::RemovePermission => "RemovePermission",
        }
    }

    /// What policies call it.
    pub fn action(self) -> &'static str {
        match self {
            Self::Invoke => "InvokeFunction",
            other => other.name(),
        }
    }

    /// Whether its body holds code.
    pub fn is_upload(self) -> bool {
        matches!(self, Self::CreateFunction | Self::UpdateFunctionCode)
    }

    /// Whether it changes what code runs here, or how.
    pub fn is_management(self) -> bool {
        matches!(
            self,
            Self::CreateFunction | Self::UpdateFunctionCode | Self::UpdateFunctionConfiguration | Self::DeleteFunction
        )
    }

    pub fn body_bytes_max(self) -> usize {
        match self {
            Self::Invoke => local::EVENT_BYTES_MAX,
            upload if upload.is_upload() => CODE_REQUEST_BYTES_MAX,
            _ => REQUEST_BYTES_MAX,
        }
    }
}

/// An operation and what its path says.
#[derive(Debug, Eq, PartialEq)]
pub struct Route {
    pub operation: Operation,
    /// Name or ARN; empty for operations without one.
    pub function: String,
    /// The statement of a policy; empty for operations without one.
    pub statement: String,
}

impl Route {
    /// Finds the operation of a raw path.
    ///
    /// Errors: 404 for what is not served.
    pub fn find(method: &Method, path: &str) -> Result<Self, Error> {
        let decoded: Result<Vec<_>, _> = path
            .trim_matches('/')
            .split('/')
            .map(|part| percent_decode_str(part).decode_utf8().map(|part| part.into_owned()))
            .collect();
        let parts = decoded.map_err(|_| Error::invalid_content("the path holds no UTF-8 text"))?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let route = |operation, function: &str, statement: &str| Self {
            operation,
            function: function.to_owned(),
            statement: statement.to_owned(),
        };
        let ["2015-03-31", "functions", rest @ ..] = &parts[..] else { return Err(unsupported(method, path)) };
        Ok(match (method.as_str(), rest) {
            ("GET", []) => route(Operation::ListFunctions, "", ""),
            ("POST", []) => route(Operation::CreateFunction, "", ""),
            ("GET", [function]) => route(Operation::GetFunction, function, ""),
            ("DELETE", [function]) => route(Operation::DeleteFunction, function, ""),
            ("GET", [function, "configuration"]) => route(Operation::GetFunctionConfiguration, function, ""),
            ("PUT", [function, "configuration"]) => route(Operation::UpdateFunctionConfiguration, function, ""),
            ("PUT", [function, "code"]) => route(Operation::UpdateFunctionCode, function, ""),
            ("POST", [function, "invocations"]) => route(Operation::Invoke, function, ""),
            ("POST", [function, "policy"]) => route(Operation::AddPermission, function, ""),
            ("GET", [function, "policy"]) => route(Operation::GetPolicy, function, ""),
            ("DELETE", [function, "policy", statement]) => route(Operation::RemovePermission, function, statement),
            _ => return Err(unsupported(method, path)),
        })
    }
}

fn unsupported(method: &Method, path: &str) -> Error {
    let served: Vec<_> = Operation::ALL.into_iter().map(Operation::name).collect();
    Error::unknown_operation(format!(
        "{method} {path} is no operation of Lambda that Pinwheel supports; it has {}",
        served.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_verb_and_path() {
        let found = |method: &str, path: &str| Route::find(&method.parse().unwrap(), path).ok();
        let route = |operation, function: &str, statement: &str| {
            Some(Route { operation, function: function.to_owned(), statement: statement.to_owned() })
        };
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:f";
        let cases = [
            ("GET", "/2015-03-31/functions", route(Operation::ListFunctions, "", "")),
            // Older clients write it so.
            ("GET", "/2015-03-31/functions/", route(Operation::ListFunctions, "", "")),
            ("POST", "/2015-03-31/functions", route(Operation::CreateFunction, "", "")),
            ("GET", "/2015-03-31/functions/f", route(Operation::GetFunction, "f", "")),
            ("GET", "/2015-03-31/functions/f/configuration", route(Operation::GetFunctionConfiguration, "f", "")),
            ("PUT", "/2015-03-31/functions/f/configuration", route(Operation::UpdateFunctionConfiguration, "f", "")),
            ("PUT", "/2015-03-31/functions/f/code", route(Operation::UpdateFunctionCode, "f", "")),
            ("DELETE", "/2015-03-31/functions/f", route(Operation::DeleteFunction, "f", "")),
            ("POST", "/2015-03-31/functions/f/policy", route(Operation::AddPermission, "f", "")),
            ("GET", "/2015-03-31/functions/f/policy", route(Operation::GetPolicy, "f", "")),
            ("DELETE", "/2015-03-31/functions/f/policy/s", route(Operation::RemovePermission, "f", "s")),
            ("POST", "/2015-03-31/functions/f%3A%24LATEST/invocations", route(Operation::Invoke, "f:$LATEST", "")),
            (
                "POST",
                "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations",
                route(Operation::Invoke, arn, ""),
            ),
            ("PATCH", "/2015-03-31/functions/f", None),
            ("POST", "/2015-03-31/functions/f/versions", None),
            ("PUT", "/2017-10-31/functions/f/concurrency", None),
            ("GET", "/2014-11-13/functions", None),
            ("GET", "/2015-03-31/functions/%FF", None),
        ];
        for (method, path, expected) in cases {
            assert_eq!(found(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn uploads_are_management_and_alone_may_be_large() {
        for operation in Operation::ALL {
            assert!(operation.is_management() || !operation.is_upload(), "{operation:?}");
            assert_eq!(operation.is_upload(), operation.body_bytes_max() > local::EVENT_BYTES_MAX, "{operation:?}");
        }
    }
}
