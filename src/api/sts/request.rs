//! What is asked of STS, read and checked. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::error::Error;

const VERSION: &str = "2011-06-15";
const ROLE_ARN_CHARS: (usize, usize) = (20, 2048);
const SESSION_NAME_CHARS: (usize, usize) = (2, 64);
const TOKEN_CHARS: (usize, usize) = (4, 20_000);
/// Seconds.
const DURATION: (u64, u64) = (900, 43_200);

/// A request for a temporary key.
pub struct Request {
    pub role_arn: String,
    pub session_name: String,
    pub token: String,
    pub duration: Option<Duration>,
}

/// Not the token.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("role_arn", &self.role_arn).finish_non_exhaustive()
    }
}

impl Request {
    /// Reads the parameters of the query and of a form.
    ///
    /// Errors: another operation, a parameter that is missing, there twice or out of its limits.
    pub fn read(query: Option<&str>, form: &[u8]) -> Result<Self, Error> {
        let mut given = BTreeMap::new();
        let parameters = [query.unwrap_or_default().as_bytes(), form].into_iter().flat_map(url::form_urlencoded::parse);
        for (name, value) in parameters {
            let name = name.into_owned();
            if given.insert(name.clone(), value.into_owned()).is_some() {
                return Err(Error::validation(format!("`{}` is there twice", shown(&name))));
            }
        }
        let action = given.remove("Action").ok_or_else(Error::missing_action)?;
        if action != super::OPERATION || given.remove("Version").is_some_and(|version| version != VERSION) {
            return Err(Error::invalid_action());
        }
        if given.keys().any(|name| name == "Policy" || name.starts_with("PolicyArns.")) {
            return Err(Error::no_policies());
        }
        if given.contains_key("ProviderId") {
            return Err(Error::validation("`ProviderId` is for OAuth 2.0 access tokens, and only ID tokens are taken"));
        }
        let mut take = |name: &str, (least, most): (usize, usize)| {
            let value = given.remove(name).unwrap_or_default();
            match value.chars().count() {
                0 => Err(Error::validation(format!("`{name}` is missing"))),
                chars if (least..=most).contains(&chars) => Ok(value),
                chars => Err(Error::validation(format!("`{name}` has {chars} signs, and must have {least} to {most}"))),
            }
        };
        let role_arn = take("RoleArn", ROLE_ARN_CHARS)?;
        let session_name = take("RoleSessionName", SESSION_NAME_CHARS)?;
        let token = take("WebIdentityToken", TOKEN_CHARS)?;
        let is_name = |sign: char| sign.is_ascii_alphanumeric() || "_+=,.@-".contains(sign);
        if !session_name.chars().all(is_name) {
            return Err(Error::validation("`RoleSessionName` must be letters, digits and any of _+=,.@-"));
        }
        let duration = given.remove("DurationSeconds").map(|text| duration(&text)).transpose()?;
        Ok(Self { role_arn, session_name, token, duration })
    }

    /// The name of the role, which is one of this account.
    ///
    /// Errors: a text that is no role's ARN; another account.
    pub fn role(&self, account_id: &str) -> Result<&str, Error> {
        let parts: Vec<_> = self.role_arn.splitn(6, ':').collect();
        match parts[..] {
            ["arn", _, "iam", "", account, resource] => match resource.strip_prefix("role/") {
                Some(name) if account == account_id => Ok(name),
                Some(_) => Err(Error::not_authorized()),
                None => Err(Error::validation("`RoleArn` is no ARN of a role")),
            },
            _ => Err(Error::validation("`RoleArn` is no ARN of a role")),
        }
    }
}

fn duration(text: &str) -> Result<Duration, Error> {
    let (least, most) = DURATION;
    let seconds = text.parse().ok().filter(|seconds| (least..=most).contains(seconds));
    let seconds = seconds
        .ok_or_else(|| Error::validation(format!("`DurationSeconds` must be a number from {least} to {most}")))?;
    Ok(Duration::from_secs(seconds))
}

/// The start of a name that somebody made up.
fn shown(name: &str) -> String {
    name.chars().filter(|sign| !sign.is_control()).take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 5] = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", "arn:aws:iam::000000000000:role/app"),
        ("RoleSessionName", "web"),
        ("WebIdentityToken", "a.b.c"),
    ];

    /// The good form with this parameter instead; an empty value leaves it out.
    fn with(name: &str, value: &str) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (known, value) in GOOD.into_iter().filter(|(known, _)| *known != name) {
            form.append_pair(known, value);
        }
        if !value.is_empty() {
            form.append_pair(name, value);
        }
        form.finish()
    }

    fn refusal(form: &str) -> &'static str {
        Request::read(None, form.as_bytes()).expect_err(form).code()
    }

    #[test]
    fn a_request_stands_in_query_or_form() {
        let good = with("DurationSeconds", "900");
        let (start, rest) = good.split_at(good.find("&RoleArn").unwrap());
        for (query, form) in [(Some(&*good), ""), (None, &*good), (Some(start), &rest[1..])] {
            let request = Request::read(query, form.as_bytes()).unwrap();
            assert_eq!(request.duration, Some(Duration::from_secs(900)));
            assert_eq!((&*request.token, request.role("000000000000").unwrap()), ("a.b.c", "app"));
            assert!(!format!("{request:?}").contains("a.b.c"));
        }
    }

    #[test]
    fn what_breaks_a_rule_has_stss_code() {
        let long = "x".repeat(20_001);
        for (name, value, code) in [
            ("Action", "", "MissingAction"),
            ("Action", "AssumeRole", "InvalidAction"),
            ("Version", "2012-11-05", "InvalidAction"),
            ("RoleArn", "", "ValidationError"),
            ("RoleArn", "app", "ValidationError"),
            ("RoleSessionName", "", "ValidationError"),
            ("RoleSessionName", "x", "ValidationError"),
            ("RoleSessionName", "a b", "ValidationError"),
            ("WebIdentityToken", "", "ValidationError"),
            ("WebIdentityToken", &long, "ValidationError"),
            ("DurationSeconds", "899", "ValidationError"),
            ("DurationSeconds", "43201", "ValidationError"),
            ("DurationSeconds", "x", "ValidationError"),
            ("Policy", "{}", "MalformedPolicyDocument"),
            ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/x", "MalformedPolicyDocument"),
            ("ProviderId", "www.amazon.com", "ValidationError"),
        ] {
            assert_eq!(refusal(&with(name, value)), code, "{name} {value}");
        }
        assert_eq!(refusal(&format!("{}&RoleArn=x", with("", ""))), "ValidationError");
        for wrong in ["arn:aws:iam::000000000000:user/app", "arn:aws:sts::000000000000:assumed-role/app"] {
            let request = Request::read(None, with("RoleArn", wrong).as_bytes()).unwrap();
            assert_eq!(request.role("000000000000").unwrap_err().code(), "ValidationError", "{wrong}");
        }
        let request = Request::read(None, with("", "").as_bytes()).unwrap();
        assert_eq!(request.role("111111111111").unwrap_err().code(), "AccessDenied");
    }
}
