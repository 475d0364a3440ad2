//! What STS answers, as XML.

use std::fmt::Write;

use quick_xml::escape::escape;
use ring::digest::{SHA256, digest};
use secrecy::ExposeSecret;

use super::error::Error;
use super::request::Request;
use crate::api::auth::identity::Assumed;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// A temporary key.
pub fn success(request: &Request, role: &str, assumed: &Assumed, account_id: &str, request_id: &str) -> String {
    let Assumed { key_id, secret, session_token, expires_at, subject } = assumed;
    let session = &request.session_name;
    let credentials = element("AccessKeyId", key_id)
        + &element("SecretAccessKey", secret.expose_secret())
        + &element("SessionToken", session_token)
        + &element("Expiration", &expires_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let user = element("AssumedRoleId", &format!("{}:{session}", role_id(role)))
        + &element("Arn", &format!("arn:aws:sts::{account_id}:assumed-role/{role}/{session}"));
    let result = element("SubjectFromWebIdentityToken", &subject.subject)
        + &element("Audience", &subject.audience)
        + &around("AssumedRoleUser", &user)
        + &around("Credentials", &credentials)
        + &element("Provider", &subject.issuer);
    let body = around("AssumeRoleWithWebIdentityResult", &result) + &metadata(request_id);
    format!("<AssumeRoleWithWebIdentityResponse xmlns=\"{NAMESPACE}\">{body}</AssumeRoleWithWebIdentityResponse>")
}

/// An error.
pub fn failure(error: &Error, request_id: &str) -> String {
    let kind = if error.status().is_server_error() { "Receiver" } else { "Sender" };
    let detail = element("Type", kind) + &element("Code", error.code()) + &element("Message", error.message());
    let body = around("Error", &detail) + &element("RequestId", request_id);
    format!("<ErrorResponse xmlns=\"{NAMESPACE}\">{body}</ErrorResponse>")
}

fn metadata(request_id: &str) -> String {
    around("ResponseMetadata", &element("RequestId", request_id))
}

fn element(name: &str, text: &str) -> String {
    around(name, &escape(text))
}

fn around(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// What stands for the role in ids of its sessions: `AROA` and 16 digits, always the same ones.
fn role_id(role: &str) -> String {
    let hash = digest(&SHA256, role.as_bytes());
    hash.as_ref()[..8].iter().fold("AROA".to_owned(), |mut id, byte| {
        write!(id, "{byte:02X}").expect("text takes text");
        id
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        let text = failure(&Error::validation("`<a>` & \"b\""), "id");
        let expected = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                        <Code>ValidationError</Code><Message>`&lt;a&gt;` &amp; &quot;b&quot;</Message></Error>\
                        <RequestId>id</RequestId></ErrorResponse>";
        assert_eq!(text, expected);
    }
}
