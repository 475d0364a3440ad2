//! Who may call functions: their resource policies.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::error::Error;
use super::{Answer, Call};
use crate::hook::local::policy::{Effect, Policy, Principal, SOURCE_ACCOUNT, SOURCE_ARN, Statement};

/// Bytes of a policy. Source: AWS Lambda developer guide, "Lambda quotas", resource-based policy.
const POLICY_BYTES_MAX: usize = 20 * 1024;
const STATEMENT_ID_CHARS_MAX: usize = 100;

/// A member that nobody knows is refused: a condition that is misspelt would be none.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AddPermission {
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    event_source_token: Option<String>,
    function_url_auth_type: Option<String>,
    invoked_via_function_url: Option<bool>,
    revision_id: Option<String>,
}

impl Call {
    pub(super) async fn add_permission(&self) -> Result<Answer, Error> {
        self.refuse_qualifier()?;
        let request: AddPermission = self.read()?;
        let revision_id = request.revision_id.clone();
        let function = self.route.function.clone();
        let add = move |function: &crate::hook::local::Function, added: &mut Policy| {
            let statement = request.statement(function.arn())?;
            let sid = &statement.sid;
            if function.policy().statement.iter().any(|known| known.sid == *sid) {
                return Err(Error::conflict(format!(
                    "The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the \
                     existing statement."
                )));
            }
            added.statement.push(statement);
            let bytes = serde_json::to_vec(added).expect("text is JSON").len();
            if bytes > POLICY_BYTES_MAX {
                let message = format!("The policy would have {bytes} bytes, and may have at most {POLICY_BYTES_MAX}");
                return Err(Error::policy_too_long(message));
            }
            Ok(())
        };
        let entry = self.on_shelf(move |shelf| shelf.change_policy(&function, revision_id.as_deref(), add)).await?;
        let statement = entry.kept.policy.statement.last().expect("it was added");
        let statement = serde_json::to_string(statement).expect("text is JSON");
        Ok(Answer::json(StatusCode::CREATED, &json!({ "Statement": statement })))
    }

    pub(super) fn get_policy(&self) -> Result<Answer, Error> {
        self.refuse_qualifier()?;
        let entry = self.entry()?;
        let policy = entry.function.policy();
        if policy.statement.is_empty() {
            return Err(Error::not_found("The resource you requested does not exist."));
        }
        let policy = serde_json::to_string(&*policy).expect("text is JSON");
        let body = json!({ "Policy": policy, "RevisionId": entry.kept.policy_revision_id });
        Ok(Answer::json(StatusCode::OK, &body))
    }

    pub(super) async fn remove_permission(&self) -> Result<Answer, Error> {
        self.refuse_qualifier()?;
        let (function, sid) = (self.route.function.clone(), self.route.statement.clone());
        let revision_id = self.parameter("RevisionId").map(str::to_owned);
        let remove = move |function: &crate::hook::local::Function, added: &mut Policy| {
            let before = added.statement.len();
            added.statement.retain(|statement| statement.sid != sid);
            if added.statement.len() < before {
                return Ok(());
            }
            if function.policy().statement.iter().any(|statement| statement.sid == sid) {
                return Err(Error::invalid(format!(
                    "StatementId: `{sid}` stands in the settings, as `functions.{}.allow`, and is changed there",
                    function.configuration().name
                )));
            }
            Err(Error::not_found(format!("Statement {sid} is not found in resource policy.")))
        };
        self.on_shelf(move |shelf| shelf.change_policy(&function, revision_id.as_deref(), remove)).await?;
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// Policies are of functions, not of versions and aliases.
    fn refuse_qualifier(&self) -> Result<(), Error> {
        match self.parameter("Qualifier") {
            None => Ok(()),
            Some(qualifier) => Err(Error::invalid(format!(
                "Qualifier: there is no `{qualifier}`: functions have no versions and aliases, and one policy each"
            ))),
        }
    }
}

impl AddPermission {
    /// The statement it asks for, on the function with this ARN.
    ///
    /// Errors: the parameter that cannot be taken over. What would be left out of a statement is refused: it would allow more
    /// than was asked for.
    fn statement(&self, resource: &str) -> Result<Statement, Error> {
        let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let sid = &self.statement_id;
        if sid.is_empty() || sid.len() > STATEMENT_ID_CHARS_MAX || !is_word(sid) {
            let rule = format!("it must be 1 to {STATEMENT_ID_CHARS_MAX} letters, digits, `-` and `_`");
            return Err(Error::invalid(format!("StatementId: `{sid}`: {rule}")));
        }
        let is_action = match self.action.strip_prefix("lambda:") {
            Some("*") => true,
            Some(name) => !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()),
            None => self.action == "*",
        };
        if !is_action {
            let action = &self.action;
            return Err(Error::invalid(format!("Action: `{action}` must be one like `lambda:InvokeFunction`")));
        }
        for (name, is_given) in [
            ("PrincipalOrgID", self.principal_org_id.is_some()),
            ("EventSourceToken", self.event_source_token.is_some()),
            ("FunctionUrlAuthType", self.function_url_auth_type.is_some()),
            ("InvokedViaFunctionUrl", self.invoked_via_function_url.is_some()),
        ] {
            if is_given {
                return Err(Error::invalid(format!(
                    "{name}: it is not supported, and without it more would be allowed"
                )));
            }
        }
        let mut condition: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        if let Some(arn) = &self.source_arn {
            if !arn.starts_with("arn:") || arn.split(':').count() < 6 {
                let example = "arn:aws:mobiletargeting:us-east-1:123456789012:apps/APPLICATION/campaigns/*";
                return Err(Error::invalid(format!("SourceArn: `{arn}` is no ARN such as `{example}`")));
            }
            condition.entry("ArnLike".to_owned()).or_default().insert(SOURCE_ARN.to_owned(), arn.clone());
        }
        if let Some(account) = &self.source_account {
            if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Error::invalid(format!("SourceAccount: `{account}` is not twelve digits")));
            }
            condition.entry("StringEquals".to_owned()).or_default().insert(SOURCE_ACCOUNT.to_owned(), account.clone());
        }
        Ok(Statement {
            sid: sid.clone(),
            effect: Effect::Allow,
            principal: principal(&self.principal)?,
            action: self.action.clone(),
            resource: resource.to_owned(),
            condition,
        })
    }
}

/// Who is meant by what the command line takes: a service, an account, an ARN, or everybody.
fn principal(text: &str) -> Result<Principal, Error> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_service =
        text.contains('.') && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    match text {
        "*" => Ok(Principal::Everybody),
        account if is_account => Ok(Principal::Aws(format!("arn:aws:iam::{account}:root"))),
        arn if arn.starts_with("arn:") && arn.split(':').count() >= 6 => Ok(Principal::Aws(arn.to_owned())),
        service if is_service => Ok(Principal::Service(service.to_owned())),
        other => Err(Error::invalid(format!(
            "The provided principal was invalid. Please check the principal and try again. (`{other}` is no service, account, \
             ARN or `*`)"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

    fn statement(changes: serde_json::Value) -> Result<Statement, Error> {
        let mut request =
            json!({ "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "x.amazonaws.com" });
        for (name, value) in changes.as_object().unwrap() {
            request[name] = value.clone();
        }
        serde_json::from_value::<AddPermission>(request).unwrap().statement(ARN)
    }

    #[test]
    fn statements_are_as_lambda_makes_them() {
        let made = statement(json!({ "SourceArn": "arn:aws:s3:::b", "SourceAccount": "123456789012" })).unwrap();
        assert_eq!(
            serde_json::to_string(&made).unwrap(),
            format!(
                r#"{{"Sid":"s","Effect":"Allow","Principal":{{"Service":"x.amazonaws.com"}},"Action":"lambda:InvokeFunction","Resource":"{ARN}","Condition":{{"ArnLike":{{"AWS:SourceArn":"arn:aws:s3:::b"}},"StringEquals":{{"AWS:SourceAccount":"123456789012"}}}}}}"#
            )
        );
        let of = |principal: &str| statement(json!({ "Principal": principal })).unwrap().principal;
        assert_eq!(of("*"), Principal::Everybody);
        assert_eq!(of("123456789012"), Principal::Aws("arn:aws:iam::123456789012:root".into()));
        assert_eq!(of("arn:aws:iam::1:role/r"), Principal::Aws("arn:aws:iam::1:role/r".into()));
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for changes in [
            json!({ "StatementId": "a b" }),
            json!({ "StatementId": "" }),
            json!({ "Action": "s3:GetObject" }),
            json!({ "Action": "lambda:" }),
            json!({ "Principal": "two words" }),
            json!({ "Principal": "pinpoint" }),
            json!({ "SourceArn": "apps/*" }),
            json!({ "SourceAccount": "1234" }),
            json!({ "PrincipalOrgID": "o-1234567890" }),
            json!({ "EventSourceToken": "t" }),
            json!({ "FunctionUrlAuthType": "NONE" }),
        ] {
            assert_eq!(statement(changes.clone()).unwrap_err().status().as_u16(), 400, "{changes}");
        }
        let misspelt = json!({
            "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "x.amazonaws.com", "sourceArn": "arn:aws:s3:::b",
        });
        assert!(
            serde_json::from_value::<AddPermission>(misspelt).is_err(),
            "it would be a statement without condition"
        );
    }
}
