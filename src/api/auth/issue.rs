//! New keys.

use std::fmt;

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::store::{AccessKey, Policy};
use crate::vault::{self, Vault};

/// What ids begin with, so that people and scanners of repositories know them.
const ID_PREFIX: &str = "PWAK";
/// What ids of temporary keys begin with, as AWS's do: clients tell by it that a session token belongs to them.
pub const TEMPORARY_PREFIX: &str = "ASIA";
/// Signs of an id after its prefix: 80 bits.
const ID_SIGNS: usize = 16;
const ID_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Signs of a secret, as many as AWS's have: 238 bits. Letters and digits only, so that it survives any quoting.
const SECRET_SIGNS: usize = 40;
const SECRET_ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A new key and, this once, its secret.
pub struct Issued {
    pub key: AccessKey,
    pub secret: SecretString,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("key", &self.key.id).finish_non_exhaustive()
    }
}

/// Makes a key; saving it is up to the caller.
///
/// Shape: the id is `PWAK` and 16 of `A`–`Z` and `2`–`7`; the secret has 40 letters and digits.
/// Errors: the system gives no random numbers.
pub fn issue(vault: &Vault, policy: Policy, name: String, now: Timestamp) -> Result<Issued, vault::Error> {
    let random = SystemRandom::new();
    let id = format!("{ID_PREFIX}{}", *text(&random, ID_ALPHABET, ID_SIGNS)?);
    let secret = SecretString::from(text(&random, SECRET_ALPHABET, SECRET_SIGNS)?.as_str());
    let sealed_secret = vault.seal(&sealed_for(&id), secret.expose_secret().as_bytes())?;
    // As exact as it is stored.
    let created_at = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let key = AccessKey { id, sealed_secret, policy, name, created_at, revoked_at: None };
    Ok(Issued { key, secret })
}

/// The id and the secret of a temporary key.
///
/// Shape: as those of [`issue`], but for the prefix, which is `ASIA`.
pub(super) fn temporary() -> Result<(String, SecretString), vault::Error> {
    let random = SystemRandom::new();
    let id = format!("{TEMPORARY_PREFIX}{}", *text(&random, ID_ALPHABET, ID_SIGNS)?);
    Ok((id, SecretString::from(text(&random, SECRET_ALPHABET, SECRET_SIGNS)?.as_str())))
}

/// The place a key's secret is sealed for.
pub fn sealed_for(id: &str) -> String {
    format!("access-key/{id}")
}

/// Whether requests that are signed with a key can be verified: its secret opens.
pub fn can_verify(vault: &Vault, key: &AccessKey) -> bool {
    vault.unseal(&sealed_for(&key.id), &key.sealed_secret).is_ok()
}

/// Random signs, all equally likely.
fn text(random: &SystemRandom, alphabet: &[u8], length: usize) -> Result<Zeroizing<String>, vault::Error> {
    // Bytes at and above the last whole multiple would favour the first signs.
    let fair = 256 / alphabet.len() * alphabet.len();
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut bytes = Zeroizing::new([0; 64]);
    while text.len() < length {
        random.fill(&mut *bytes).map_err(|_| vault::Error::Random)?;
        let signs = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let missing = length - text.len();
        text.extend(signs.take(missing).map(|byte| char::from(alphabet[byte % alphabet.len()])));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::clock::{Clock, Held};

    #[test]
    fn keys_look_like_aws_own_and_open_again() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(&folder.path().join("key")).unwrap();
        let now = Held::default().now();
        let (mut ids, mut signs) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..50 {
            let issued = issue(&vault, Policy::Administrator, "ops".into(), now).unwrap();
            let AccessKey { id, sealed_secret, .. } = &issued.key;
            let rest = id.strip_prefix("PWAK").unwrap();
            assert!(rest.len() == 16 && rest.bytes().all(|byte| ID_ALPHABET.contains(&byte)), "{id}");
            let secret = issued.secret.expose_secret();
            assert!(secret.len() == 40 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            assert_eq!(vault.unseal(&sealed_for(id), sealed_secret).unwrap().expose_secret(), secret.as_bytes());
            assert!(!format!("{issued:?}").contains(secret));
            signs.extend(secret.bytes());
            ids.insert(issued.key.id);
        }
        assert_eq!((ids.len(), signs.len()), (50, 62));
    }
}
