//! Tokens that are good, and those that are not.

use jiff::ToSpan;
use serde_json::json;

use super::*;
use crate::clock::{Clock, Held};

fn text(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.AAAA", part(header), part(claims))
}

fn refusal(header: Value) -> Error {
    Token::read(&text(&header, &json!({}))).map(drop).unwrap_err()
}

#[test]
fn algorithms_and_forms_are_checked_before_any_key_is_looked_for() {
    for alg in ["none", "None", "", "HS256", "HS384", "HS512", "ES512", "ES256K", "rs256", "PS384", "PS512"] {
        assert_eq!(refusal(json!({ "alg": alg })), Error::Algorithm(alg.to_owned()), "{alg}");
    }
    assert_eq!(refusal(json!({"alg": "<script>alert(1)</script>"})), Error::Algorithm("scriptalert1scri".to_owned()));
    assert_eq!(refusal(json!({"alg": "RS256", "crit": ["b64"], "b64": false})), Error::Critical);
    for (typ, kind) in [
        ("at+jwt", "at+jwt"),
        ("application/at+jwt", "at+jwt"),
        ("AT+JWT", "at+jwt"),
        ("logout+jwt", "logout+jwt"),
        ("Application/Logout+JWT", "logout+jwt"),
        ("secevent+jwt", "secevent+jwt"),
        ("dpop+jwt", "dpop+jwt"),
    ] {
        assert_eq!(refusal(json!({"alg": "RS256", "typ": typ})), Error::Kind(kind), "{typ}");
    }
    for typ in ["JWT", "jwt", "application/jwt", "ID"] {
        assert!(Token::read(&text(&json!({"alg": "RS256", "typ": typ}), &json!({}))).is_ok(), "{typ}");
    }
    for (header, wrong) in [(json!({}), "header"), (json!([]), "header"), (json!({"alg": 1}), "header")] {
        let error = refusal(header).to_string();
        assert!(error.contains(wrong), "{error}");
    }
    let good = text(&json!({"alg": "RS256"}), &json!({}));
    for wrong in ["", ".", "..", "a.b", "a.b.c", &good.replace('.', ""), &format!("{good}.x"), &format!("x{good}")] {
        assert!(matches!(Token::read(wrong), Err(Error::Malformed(_))), "{wrong}");
    }
    assert!(matches!(Token::read(&text(&json!({"alg": "RS256"}), &json!([]))), Err(Error::Malformed(_))));
}

fn role(user_claim: &str) -> Identity {
    let text = format!(
        "issuer = \"https://idp.example\"\naudiences = [\"app\", \"web\"]\napplications = [\"a\"]\nuser_claim = \"{user_claim}\""
    );
    toml::from_str(&text).unwrap()
}

/// What the claims come to, the signature left aside.
fn judged(claims: Value, user_claim: &str) -> Result<Subject, Error> {
    let text = text(&json!({"alg": "RS256"}), &claims);
    Token::read(&text)?.judge(&role(user_claim), Held::default().now())
}

fn claims(changes: Value) -> Value {
    let now = Held::default().now().as_second();
    let mut claims = json!({
        "iss": "https://idp.example", "aud": "app", "sub": "ann", "iat": now - 10, "exp": now + 3600,
        "email": "ann@example.com",
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

#[test]
fn claims_have_to_fit_the_role() {
    let now = Held::default().now().as_second();
    let issuer = || Error::Issuer { expected: "https://idp.example".to_owned() };
    for (changes, expected) in [
        (json!({}), None),
        (json!({"aud": ["web"]}), None),
        (json!({"aud": ["web", "app"], "azp": "web"}), None),
        (json!({"aud": ["other", "web"], "azp": "app"}), None),
        (json!({"aud": "app", "azp": "other"}), None),
        (json!({"exp": now as f64 + 0.5}), None),
        (json!({"exp": now - 59}), None),
        (json!({"nbf": now + 60, "iat": now + 60}), None),
        (json!({"iss": null}), Some(Error::Missing("iss"))),
        (json!({"iss": "https://idp.example/"}), Some(issuer())),
        (json!({"iss": "https://IDP.example"}), Some(issuer())),
        (json!({"aud": null}), Some(Error::Missing("aud"))),
        (json!({"aud": "other"}), Some(Error::Audience)),
        (json!({"aud": []}), Some(Error::Audience)),
        (json!({"aud": ["app2", 3]}), Some(Error::Audience)),
        (json!({"aud": ["other", "web"], "azp": "other"}), Some(Error::Party)),
        (json!({"aud": ["web", 3], "azp": "other"}), Some(Error::Party)),
        (json!({"aud": ["other", "web"]}), Some(Error::Missing("azp"))),
        (json!({"aud": ["web", "app"], "azp": ["web"]}), Some(Error::Missing("azp"))),
        (json!({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}), Some(Error::Event)),
        (json!({"events": ""}), Some(Error::Event)),
        (json!({"sub": null}), Some(Error::Missing("sub"))),
        (json!({"sub": ""}), Some(Error::Missing("sub"))),
        (json!({"sub": 7}), Some(Error::Missing("sub"))),
        (json!({"exp": null}), Some(Error::Missing("exp"))),
        (json!({"exp": "later"}), Some(Error::Missing("exp"))),
        (json!({"exp": 1e300}), Some(Error::Missing("exp"))),
        (json!({"iat": null}), Some(Error::Missing("iat"))),
        (json!({"exp": now - 60}), Some(Error::Expired { now, until: now - 60 })),
        (json!({"nbf": now + 61}), Some(Error::NotYetValid { now, from: now + 61 })),
        (json!({"iat": now + 61}), Some(Error::NotYetValid { now, from: now + 61 })),
    ] {
        let judged = judged(claims(changes.clone()), "sub");
        match expected {
            None => assert_eq!(judged.unwrap().user_id, "ann", "{changes}"),
            Some(error) => assert_eq!(judged.unwrap_err(), error, "{changes}"),
        }
    }
    let until = judged(claims(json!({})), "sub").unwrap().expires_at;
    assert_eq!(until, Held::default().now() + 1.hour());
}

#[test]
fn the_user_comes_from_the_claim_of_the_settings() {
    let user = |changes: Value, claim: &str| judged(claims(changes), claim).map(|subject| subject.user_id);
    assert_eq!(user(json!({"custom:id": "7"}), "custom:id").unwrap(), "7");
    assert_eq!(user(json!({"email_verified": true}), "email").unwrap(), "ann@example.com");
    for (changes, claim) in [
        (json!({"id": 7}), "id"),
        (json!({"id": ""}), "id"),
        (json!({"id": "x".repeat(1025)}), "id"),
        (json!({"id": ["ann"]}), "id"),
        (json!({}), "id"),
    ] {
        assert_eq!(user(changes, claim), Err(Error::User { claim: claim.to_owned() }));
    }
    for unverified in [json!({}), json!({"email_verified": false}), json!({"email_verified": "true"})] {
        assert_eq!(user(unverified, "email"), Err(Error::Unverified));
    }
}
