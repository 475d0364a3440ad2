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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bytes::Bytes;

    use super::*;
    use crate::wire::generated::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn parts(path: &[(&str, &str)], query: &[(&str, &str)]) -> Parts {
        Parts { path: pairs(path), query: pairs(query) }
    }

    #[test]
    fn parameters_are_taken_by_name() {
        let mut parts = parts(&[("a", "1"), ("b", "")], &[("k", "x"), ("t", "y"), ("k", "z"), ("t", "w")]);
        assert_eq!(parts.take("a").unwrap(), "1");
        assert_eq!(parts.take("b").unwrap_err().to_string(), "b: missing, it is required");
        assert_eq!(parts.take("c").unwrap_err().to_string(), "c: missing, it is required");
        assert_eq!(parts.query("t").as_deref(), Some("y"));
        assert_eq!(parts.values("k").unwrap(), ["x", "z"]);
        assert_eq!(parts.values("k").unwrap_err().to_string(), "k: missing, it is required");
    }

    #[test]
    fn flags_are_true_or_false() {
        let flag = |value| parts(&[], &[("f", value)]).flag("f");
        assert_eq!(Parts::default().flag("f"), Ok(None));
        assert_eq!(flag("true"), Ok(Some(true)));
        assert_eq!(flag("false"), Ok(Some(false)));
        for other in ["", "1", "TRUE", "yes"] {
            let complaint = flag(other).unwrap_err().to_string();
            assert_eq!(complaint, format!("f: `{other}` is not one of true, false"));
        }
    }

    #[test]
    fn inputs_are_made_of_path_query_and_body() {
        let list = parts(&[("application-id", "a1")], &[("token", "t"), ("page-size", "5"), ("other", "x")]);
        let input = GetCampaignsInput::read(list, Bytes::from_static(b"not looked at")).unwrap();
        assert_eq!(
            input,
            GetCampaignsInput {
                application_id: "a1".to_owned(),
                page_size: Some("5".to_owned()),
                token: Some("t".to_owned())
            }
        );

        let update = || parts(&[("campaign-id", "c1"), ("application-id", "a1")], &[]);
        let input = UpdateCampaignInput::read(update(), Bytes::from_static(br#"{"Name":"n"}"#)).unwrap();
        let body = WriteCampaignRequest { name: Some("n".to_owned()), ..Default::default() };
        let expected = UpdateCampaignInput { application_id: "a1".to_owned(), campaign_id: "c1".to_owned(), body };
        assert_eq!(input, expected);
        let wrong = UpdateCampaignInput::read(update(), Bytes::from_static(br#"{"Name":true}"#)).unwrap_err();
        assert_eq!(wrong.to_string(), "Name: expected a string, found a boolean");

        let template = parts(&[("template-name", "t1")], &[("create-new-version", "true"), ("version", "2")]);
        let input = UpdateSmsTemplateInput::read(template, Bytes::from_static(b"{}")).unwrap();
        assert_eq!((input.create_new_version, input.version.as_deref()), (Some(true), Some("2")));

        let untag = parts(&[("resource-arn", "arn:x/y")], &[("tagKeys", "a"), ("tagKeys", "b")]);
        let input = UntagResourceInput::read(untag, Bytes::new()).unwrap();
        assert_eq!((input.resource_arn.as_str(), input.tag_keys), ("arn:x/y", vec!["a".to_owned(), "b".to_owned()]));

        let endpoint = parts(&[("application-id", "a1"), ("endpoint-id", "e1")], &[]);
        let input = UpdateEndpointInput::read(endpoint, Bytes::from_static(b"raw")).unwrap();
        assert_eq!(input.body, "raw");
    }

    #[test]
    fn every_operation_has_a_route_of_its_own() {
        let routes: BTreeSet<_> = Operation::ALL.iter().map(|one| (one.method(), one.path())).collect();
        assert_eq!(routes.len(), 122);
        for (at, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, at);
            assert_eq!(format!("{operation:?}"), operation.name());
            assert!(operation.path().starts_with("/v1/"), "{operation:?}");
            assert!((200..=204).contains(&operation.success()), "{operation:?}");
        }
        let create = Operation::CreateApp;
        assert_eq!((create.method(), create.path(), create.success()), ("POST", "/v1/apps", 201));
        assert!(!create.has_application() && Operation::GetCampaign.has_application());
        assert_eq!(Operation::TagResource.success(), 204);
    }
}
