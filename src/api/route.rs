//! Which operation a request is for.

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::Error;
use crate::wire::generated::Operation;

/// The operations by path.
pub struct Router {
    paths: matchit::Router<Vec<Operation>>,
}

/// An operation and what its path says.
#[derive(Debug)]
pub struct Route {
    pub operation: Operation,
    /// Values of the path by name, decoded.
    pub path: Vec<(String, String)>,
}

impl Router {
    /// Panics if two paths of the model exclude each other.
    pub fn new() -> Self {
        let mut by_path: Vec<(String, Vec<Operation>)> = Vec::new();
        for operation in Operation::ALL {
            // An ARN has slashes; most clients encode them.
            let path = operation.path().replace("{resource-arn}", "{*resource-arn}");
            match by_path.iter_mut().find(|(known, _)| *known == path) {
                Some((_, operations)) => operations.push(operation),
                None => by_path.push((path, vec![operation])),
            }
        }
        let mut paths = matchit::Router::new();
        for (path, operations) in by_path {
            paths.insert(path, operations).expect("the model's paths stand beside each other");
        }
        Self { paths }
    }

    /// Finds the operation of a raw path.
    ///
    /// Errors: 404 for an unknown path or one with an empty name, 405 for another verb, 400 for bytes that are no text.
    pub fn find(&self, method: &Method, path: &str) -> Result<Route, Error> {
        let found = self.paths.at(path).map_err(|_| Error::not_found())?;
        let Some(operation) = found.value.iter().find(|operation| operation.method() == method.as_str()) else {
            let allowed: Vec<_> = found.value.iter().map(|operation| operation.method()).collect();
            return Err(Error::method_not_allowed(method.as_str(), &allowed.join(", ")));
        };
        let decoded = found.params.iter().map(|(name, value)| match percent_decode_str(value).decode_utf8() {
            Ok(text) if text.is_empty() => Err(Error::not_found()),
            Ok(text) => Ok((name.to_owned(), text.into_owned())),
            Err(_) => Err(Error::bad_request(format!("{name}: the path holds no UTF-8 text there"))),
        });
        Ok(Route { operation: *operation, path: decoded.collect::<Result<_, _>>()? })
    }

    /// Whether some operation has this path.
    pub fn knows(&self, path: &str) -> bool {
        self.paths.at(path).is_ok()
    }
}

/// Names and values of a query, decoded. Bytes that are no UTF-8 are replaced, as `application/x-www-form-urlencoded` has it.
pub fn query(raw: Option<&str>) -> Vec<(String, String)> {
    let pairs = url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes());
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_by_its_own_path() {
        let router = Router::new();
        for operation in Operation::ALL {
            let method = operation.method().parse().unwrap();
            let path = operation.path().replace(['{', '}'], "");
            assert_eq!(router.find(&method, &path).unwrap().operation, operation, "{path}");
        }
    }

    #[test]
    fn values_of_the_path_are_decoded() {
        let router = Router::new();
        let value = |path: &str| router.find(&Method::GET, path).map(|route| route.path.last().unwrap().1.clone());
        assert_eq!(value("/v1/apps/a/endpoints/x%2Fy%20%C3%A9").unwrap(), "x/y é");
        assert_eq!(value("/v1/tags/arn%3Aaws%3Aapps%2F1").unwrap(), "arn:aws:apps/1");
        assert_eq!(value("/v1/tags/arn:aws:apps/1").unwrap(), "arn:aws:apps/1");
        assert_eq!(value("/v1/apps/a/endpoints/%FF").unwrap_err().status(), 400);
    }

    #[test]
    fn other_paths_and_verbs_are_told_apart() {
        let router = Router::new();
        for path in ["/", "/v1", "/v1/apps/", "/v1/apps//campaigns", "/v2/apps", "/v1/apps/a/b"] {
            assert_eq!(router.find(&Method::GET, path).unwrap_err().status(), 404, "{path}");
        }
        let refused = router.find(&Method::PATCH, "/v1/apps").unwrap_err();
        assert_eq!(refused.status(), 405);
        assert!(refused.message().contains("POST") && refused.message().contains("GET"), "{}", refused.message());
    }
}
