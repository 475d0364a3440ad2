//! Exchanges with a provider on loopback, and keys that were tampered with.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use ring::hmac;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::clock::Held;
use crate::sandbox::oidc::{Oidc, message};

const MINUTE: Duration = Duration::from_secs(60);

struct World {
    oidc: Oidc,
    vault: Arc<Vault>,
    clock: Arc<Held>,
    _folder: TempDir,
}

impl World {
    async fn start() -> Self {
        crate::app::install_tls();
        let folder = TempDir::new().unwrap();
        let vault = Arc::new(Vault::open(&folder.path().join("key")).unwrap());
        Self { oidc: Oidc::start_with_public_rsa_key().await.unwrap(), vault, clock: Arc::default(), _folder: folder }
    }

    /// Roles `app` and `other`; `more` is TOML of the first.
    fn identities(&self, more: &str) -> Identities {
        let section = |audience: &str, more: &str| {
            let issuer = self.oidc.issuer();
            let text =
                format!("issuer = \"{issuer}\"\naudiences = [\"{audience}\"]\napplications = [\"shop\"]\n{more}\n");
            toml::from_str(&text).unwrap()
        };
        let sections = [("app".to_owned(), section("web", more)), ("other".to_owned(), section("else", ""))];
        Identities::new(&sections.into(), self.vault.clone(), self.clock.clone())
    }

    fn claims(&self) -> Value {
        let now = self.clock.now().as_second();
        json!({"iss": self.oidc.issuer(), "aud": "web", "sub": "ann", "iat": now, "exp": now + 600})
    }

    fn token(&self) -> String {
        self.oidc.token("ES256", &self.claims())
    }
}

async fn refusal(identities: &Identities, token: &str) -> TokenError {
    match identities.assume("app", token, None).await.map(drop) {
        Err(Error::Token(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_algorithm_is_taken_with_its_own_key() {
    let world = World::start().await;
    let identities = world.identities("");
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"] {
        let token = world.oidc.token(algorithm, &world.claims());
        let assumed = identities.assume("app", &token, None).await.unwrap();
        assert!(assumed.key_id.starts_with("ASIA") && assumed.key_id.len() == 20, "{}", assumed.key_id);
        let (user, secret) = identities.open(&assumed.key_id, &assumed.session_token).unwrap();
        assert_eq!(secret.expose_secret(), assumed.secret.expose_secret());
        assert_eq!((user.id.as_str(), user.may_adopt), ("ann", false));
        assert!(!assumed.session_token.contains(secret.expose_secret()));
    }
    assert_eq!(world.oidc.fetches(), 1, "keys are kept");
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let world = World::start().await;
    let identities = world.identities("");
    let (good, claims) = (world.token(), world.claims());
    identities.assume("app", &good, None).await.unwrap();

    let (start, signature) = good.rsplit_once('.').unwrap();
    let sign = |header: &Value, key: &[u8]| {
        let message = message(header, &claims);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    };
    let none = json!({"alg": "none"});
    for (algorithm, token) in [
        ("none", format!("{}.", message(&none, &claims))),
        ("none", format!("{}.{signature}", message(&none, &claims))),
        ("HS256", sign(&json!({"alg": "HS256", "kid": "rsa"}), world.oidc.jwks().as_bytes())),
        ("HS256", sign(&json!({"alg": "HS256", "kid": "p256-1"}), b"")),
    ] {
        assert_eq!(refusal(&identities, &token).await, TokenError::Algorithm(algorithm.to_owned()));
    }
    for kind in ["at+jwt", "logout+jwt"] {
        let token = format!("{}.{signature}", message(&json!({"alg": "ES256", "kid": "p256-1", "typ": kind}), &claims));
        assert_eq!(refusal(&identities, &token).await, TokenError::Kind(kind));
    }
    for (name, value, expected) in [
        ("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}}), TokenError::Event),
        ("aud", json!(["web", "else"]), TokenError::Missing("azp")),
    ] {
        let mut claims = claims.clone();
        claims[name] = value;
        assert_eq!(refusal(&identities, &world.oidc.token("ES256", &claims)).await, expected, "signed, and no sign-in");
    }
    let mut other_user = claims.clone();
    other_user["sub"] = "bob".into();
    let header = json!({"alg": "ES256", "kid": "p256-1"});
    for (what, token) in [
        ("cut", good[..good.len() - 4].to_owned()),
        ("no signature", format!("{start}.")),
        ("another user", format!("{}.{signature}", message(&header, &other_user))),
        ("an HMAC", sign(&header, world.oidc.jwks().as_bytes())),
        ("the signature of another token", {
            let other = world.oidc.token("ES256", &other_user);
            format!("{start}.{}", other.rsplit_once('.').unwrap().1)
        }),
    ] {
        assert_eq!(refusal(&identities, &token).await, TokenError::Signature, "{what}");
    }
    for header in [
        json!({"alg": "ES256", "kid": "p256-2"}),
        json!({"alg": "ES256", "kid": "rsa"}),
        json!({"alg": "RS256", "kid": "p256-1"}),
        json!({"alg": "ES256", "kid": "../p256-1"}),
    ] {
        let token = format!("{}.{signature}", message(&header, &claims));
        assert_eq!(refusal(&identities, &token).await, TokenError::UnknownKey, "{header}");
    }
    assert_eq!(world.oidc.fetches(), 1, "keys that were fetched a moment ago are not fetched for strangers");

    let stranger = Oidc::start_with_public_rsa_key().await.unwrap();
    let forged = stranger.token("ES256", &claims);
    assert_eq!(refusal(&identities, &forged).await, TokenError::Signature, "the same kid, another provider's key");
    let other_role = identities.assume("other", &good, None).await.map(drop);
    assert!(matches!(other_role, Err(Error::Token(TokenError::Audience))), "{other_role:?}");
    assert!(matches!(identities.assume("none", &good, None).await, Err(Error::UnknownRole(_))));
    world.clock.advance(12 * MINUTE);
    assert!(matches!(refusal(&identities, &good).await, TokenError::Expired { .. }), "replayed");
}

#[tokio::test]
async fn sessions_end_when_they_say_and_hold_for_their_key_alone() {
    let world = World::start().await;
    let identities = world.identities("session = \"1h\"");
    let token = world.token();
    let start = world.clock.now();
    for (asked, minutes) in [(None, 60), (Some(15 * MINUTE), 15), (Some(600 * MINUTE), 60)] {
        let assumed = identities.assume("app", &token, asked).await.unwrap();
        assert_eq!(assumed.expires_at, start + minutes * MINUTE, "{asked:?}");
    }
    let one = identities.assume("app", &token, None).await.unwrap();
    let two = identities.assume("app", &token, None).await.unwrap();
    let open = |identities: &Identities, id: &str, token: &str| identities.open(id, token).map(|(user, _)| user.id);
    assert_eq!(open(&identities, &one.key_id, &two.session_token), Err(Void::Invalid), "swapped");
    assert_eq!(open(&identities, "ASIAAAAAAAAAAAAAAAAA", &one.session_token), Err(Void::Invalid));
    for at in 0..one.session_token.len() {
        let mut bytes = one.session_token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(bytes).unwrap();
        // Bits beyond the last byte are refused by the decoder.
        assert_eq!(open(&identities, &one.key_id, &tampered), Err(Void::Invalid), "sign {at}");
        assert_eq!(open(&identities, &one.key_id, &one.session_token[..at]), Err(Void::Invalid), "cut at {at}");
    }
    for (more, expected) in [
        ("session = \"2h\"", Ok("ann".to_owned())),
        ("adopt_endpoints = true", Ok("ann".to_owned())),
        ("jwks_url = \"https://elsewhere.example\"", Ok("ann".to_owned())),
        ("user_claim = \"email\"", Err(Void::Invalid)),
    ] {
        let later = world.identities(more);
        assert_eq!(open(&later, &one.key_id, &one.session_token), expected, "after a restart with {more}");
    }
    let none = Identities::new(&BTreeMap::new(), world.vault.clone(), world.clock.clone());
    assert_eq!(open(&none, &one.key_id, &one.session_token), Err(Void::Invalid), "the role is gone");

    world.clock.advance(60 * MINUTE - Duration::from_secs(1));
    assert!(open(&identities, &one.key_id, &one.session_token).is_ok());
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(open(&identities, &one.key_id, &one.session_token), Err(Void::Expired));
}

#[tokio::test]
async fn keys_of_a_provider_change() {
    let world = World::start().await;
    let identities = world.identities("");
    let old = world.token();
    identities.assume("app", &old, None).await.unwrap();
    world.oidc.rotate();
    let new = world.token();
    assert_eq!(refusal(&identities, &new).await, TokenError::UnknownKey, "the last look is not a minute ago");
    world.clock.advance(MINUTE);
    identities.assume("app", &new, None).await.unwrap();
    assert_eq!(refusal(&identities, &old).await, TokenError::UnknownKey, "a key that is gone is gone");
    assert_eq!(world.oidc.fetches(), 2);

    world.oidc.set_failing(true);
    world.clock.advance(61 * MINUTE);
    identities.assume("app", &world.token(), None).await.unwrap();
    assert_eq!(world.oidc.fetches(), 2, "discovery failed already");
    world.oidc.rotate();
    let newest = world.token();
    let away = identities.assume("app", &newest, None).await.map(drop);
    assert!(matches!(away, Err(Error::Provider(_))), "{away:?}");
    world.oidc.set_failing(false);
    world.clock.advance(MINUTE);
    identities.assume("app", &newest, None).await.unwrap();

    let fresh = world.identities("");
    world.oidc.set_failing(true);
    assert!(matches!(fresh.assume("app", &newest, None).await, Err(Error::Provider(_))));
    world.oidc.set_failing(false);
    world.clock.advance(Duration::from_secs(5));
    fresh.assume("app", &newest, None).await.unwrap();
}

#[tokio::test]
async fn many_sign_ins_share_one_fetch_and_whoever_goes_away_does_not_end_it() {
    let world = World::start().await;
    let identities = world.identities(&format!("jwks_url = \"{}\"", world.oidc.jwks_url()));
    let token = world.token();
    world.oidc.set_hanging(true);
    let asked = async || {
        while world.oidc.fetches() == 0 {
            tokio::task::yield_now().await;
        }
    };
    for _ in 0..5 {
        tokio::select! {
            biased;
            _ = identities.assume("app", &token, None) => panic!("nobody answered"),
            () = asked() => {}
        }
    }
    let all = join_all((0..20).map(|_| identities.assume("app", &token, None)));
    let (all, ()) = tokio::join!(all, async { world.oidc.set_hanging(false) });
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(world.oidc.fetches(), 1);
}

#[tokio::test]
async fn keys_come_from_a_file_or_a_url_too() {
    let world = World::start().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("keys.json");
    std::fs::write(&file, world.oidc.jwks()).unwrap();
    let of_file = world.identities(&format!("jwks_file = \"{}\"", file.display()));
    of_file.assume("app", &world.token(), None).await.unwrap();
    assert_eq!(world.oidc.fetches(), 0);
    let of_url = world.identities(&format!("jwks_url = \"{}\"", world.oidc.jwks_url()));
    of_url.assume("app", &world.token(), None).await.unwrap();
    assert_eq!(world.oidc.fetches(), 1);
}
