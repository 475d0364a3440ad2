//! Secrets at rest: sealed with a key that stands in a file of its own, or in the settings.
//!
//! A sealed text is `version (1 byte) | key id (8) | nonce (12) | ciphertext | tag (16)`, ChaCha20-Poly1305 over the
//! secret. What comes before the ciphertext, and the context the secret belongs to, are authenticated with it: a sealed
//! text that is moved to another place does not open. The key id tells apart a wrong key file and damaged data, and says
//! which key opens a text while keys are changed: then a vault has several, of which the first one seals.

mod file;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{self, SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::zeroize::{Zeroize, Zeroizing};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

pub use file::{add_key, drop_old_keys};

/// The form of sealed texts.
const VERSION: u8 = 1;
/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Keys of a key file. A change of keys needs two.
const KEYS_MAX: usize = 8;
const KEY_ID_BYTES: usize = 8;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES;
const TAG_BYTES: usize = 16;

/// Keeps the keys of one key file, or of the settings.
pub struct Vault {
    /// The first one seals, each opens what it sealed. Never empty.
    keys: Vec<Key>,
    random: SystemRandom,
}

struct Key {
    /// Tells keys apart without telling anything about them.
    id: [u8; KEY_ID_BYTES],
    cipher: LessSafeKey,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("key_ids", &self.key_ids()).finish_non_exhaustive()
    }
}

/// Why secrets cannot be sealed or opened. Never holds any of them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key file cannot be read or written.
    #[error("cannot {operation} key file `{}`", path.display())]
    File {
        operation: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The key file has the wrong size.
    #[error("key file `{}` has {found} bytes, but a key has {KEY_BYTES}, and a file at most {KEYS_MAX} of them", path.display())]
    Length { path: PathBuf, found: usize },
    /// Others may read the key file.
    #[error(
        "key file `{}` has mode {mode:04o}, so that others may read it: set it to 0600, or to 0640 if it belongs to root",
        path.display()
    )]
    Exposed { path: PathBuf, mode: u32 },
    /// A key that is given as text is none.
    #[error("a key is {KEY_BYTES} random bytes as base64, such as `openssl rand -base64 {KEY_BYTES}` prints")]
    Text,
    /// The text was sealed with another key.
    #[error("the secret was sealed with key {sealed}, but the vault has key {held}: restore the key of then")]
    OtherKey { sealed: String, held: String },
    /// A newer release sealed the text.
    #[error("the secret was sealed in form {0}, but this release knows form {VERSION}: use a newer release")]
    NewerForm(u8),
    /// The text was changed, cut or moved to another place.
    #[error("the sealed secret is damaged")]
    Damaged,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl Vault {
    /// Opens the vault of a key file, which is made if it is missing.
    ///
    /// Shape: keys of 32 random bytes one after the other, readable by their owner alone; a file of root may also be
    /// readable by its group, since container platforms mount secrets so. Of several processes that make it at once, all get
    /// the same key.
    /// Errors: [`Exposed`](Error::Exposed), [`Length`](Error::Length), [`File`](Error::File).
    pub fn open(key_file: &Path) -> Result<Self, Error> {
        let bytes = file::read_or_make(key_file)?;
        Ok(Self::new(bytes.chunks_exact(KEY_BYTES)))
    }

    /// As [`open`](Self::open), but a file that is missing is an error.
    pub fn open_existing(key_file: &Path) -> Result<Self, Error> {
        let bytes = file::read(key_file)?;
        Ok(Self::new(bytes.chunks_exact(KEY_BYTES)))
    }

    /// The vault of keys that are given as base64, the one that seals first.
    ///
    /// Panics: without a key. Errors: [`Text`](Error::Text).
    pub fn of_keys(keys: &[&SecretString]) -> Result<Self, Error> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(keys.len() * KEY_BYTES));
        for key in keys {
            let key =
                BASE64_STANDARD.decode(key.expose_secret().trim()).map(Zeroizing::new).map_err(|_| Error::Text)?;
            if key.len() != KEY_BYTES {
                return Err(Error::Text);
            }
            bytes.extend_from_slice(&key);
        }
        Ok(Self::new(bytes.chunks_exact(KEY_BYTES)))
    }

    fn new<'a>(keys: impl Iterator<Item = &'a [u8]>) -> Self {
        let keys: Vec<_> = keys.map(Key::new).collect();
        assert!(!keys.is_empty(), "a vault has a key");
        Self { keys, random: SystemRandom::new() }
    }

    /// What the key that seals is called: nothing follows from it about the key.
    pub fn key_id(&self) -> String {
        hex::encode(self.keys[0].id)
    }

    fn key_ids(&self) -> String {
        self.keys.iter().map(|key| hex::encode(key.id)).collect::<Vec<_>>().join(", ")
    }

    /// Seals a secret for one place, which `context` names.
    ///
    /// Shape: 37 bytes longer than the secret, different at each call.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let key = &self.keys[0];
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| Error::Random)?;
        let mut header = [VERSION; HEADER_BYTES];
        header[1..].copy_from_slice(&key.id);

        // Reserved at once: growing would leave copies of the secret behind.
        let mut secret = Zeroizing::new(Vec::with_capacity(plain.len() + TAG_BYTES));
        secret.extend_from_slice(plain);
        let nonce_bytes = nonce;
        key.cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), associated(&header, context), &mut *secret)
            .map_err(|_| Error::Damaged)?;
        Ok([&header[..], &nonce_bytes, &secret].concat())
    }

    /// Opens what was sealed for this place.
    ///
    /// Errors: [`OtherKey`](Error::OtherKey), [`NewerForm`](Error::NewerForm), [`Damaged`](Error::Damaged).
    pub fn unseal(&self, context: &str, sealed: &[u8]) -> Result<SecretSlice<u8>, Error> {
        let (header, rest) = sealed.split_at_checked(HEADER_BYTES).ok_or(Error::Damaged)?;
        let (version, key_id) = (header[0], &header[1..]);
        if version > VERSION {
            return Err(Error::NewerForm(version));
        }
        let Some(key) = self.keys.iter().find(|key| key.id == key_id) else {
            return Err(Error::OtherKey { sealed: hex::encode(key_id), held: self.key_ids() });
        };
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_LEN).ok_or(Error::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::Damaged)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let plain =
            key.cipher.open_in_place(nonce, associated(header, context), &mut buffer).map_err(|_| Error::Damaged)?;
        let secret = SecretSlice::from(plain.to_vec());
        plain.zeroize();
        Ok(secret)
    }

    /// Seals anew, with the first key, what another key sealed for this place; `None` when the first key sealed it.
    ///
    /// Errors: as [`unseal`](Self::unseal).
    pub fn reseal(&self, context: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let plain = self.unseal(context, sealed)?;
        if sealed[1..HEADER_BYTES] == self.keys[0].id {
            return Ok(None);
        }
        self.seal(context, plain.expose_secret()).map(Some)
    }
}

impl Key {
    fn new(bytes: &[u8]) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, bytes).expect("the key has the cipher's length");
        let mut hash = digest::Context::new(&SHA256);
        hash.update(b"pinwheel vault key id\0");
        hash.update(bytes);
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&hash.finish().as_ref()[..KEY_ID_BYTES]);
        Self { id, cipher: LessSafeKey::new(key) }
    }
}

/// What is authenticated beside the secret. The header has a fixed length, so that no two pairs give the same bytes.
fn associated(header: &[u8], context: &str) -> Aad<Vec<u8>> {
    Aad::from([header, context.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new([&[byte; KEY_BYTES][..]].into_iter())
    }

    #[test]
    fn what_is_sealed_opens_for_its_place_alone() {
        let vault = vault(7);
        for secret in [&b""[..], b"x", &[0xff; 4096]] {
            let sealed = vault.seal("here", secret).unwrap();
            assert_eq!(sealed.len(), secret.len() + 37);
            assert_eq!(vault.unseal("here", &sealed).unwrap().expose_secret(), secret);
            assert!(matches!(vault.unseal("there", &sealed), Err(Error::Damaged)));
        }
        assert_ne!(vault.seal("here", b"x").unwrap(), vault.seal("here", b"x").unwrap(), "nonces differ");
    }

    #[test]
    fn damage_is_seen() {
        let vault = vault(7);
        let sealed = vault.seal("here", b"secret").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            let error = vault.unseal("here", &changed).unwrap_err();
            match at {
                // The lowest bit of version 1 gives version 0, which was never used.
                0 | HEADER_BYTES.. => assert!(matches!(error, Error::Damaged), "byte {at}: {error}"),
                _ => assert!(matches!(error, Error::OtherKey { .. }), "byte {at}: {error}"),
            }
            assert!(vault.unseal("here", &sealed[..at]).is_err(), "cut at {at}");
        }
        let mut newer = sealed;
        newer[0] = 2;
        assert!(matches!(vault.unseal("here", &newer), Err(Error::NewerForm(2))));
    }

    #[test]
    fn another_key_is_named_and_nothing_is_shown() {
        let sealed = vault(7).seal("here", b"hunter2").unwrap();
        let error = vault(8).unseal("here", &sealed).unwrap_err();
        let Error::OtherKey { sealed, held } = &error else { panic!("{error}") };
        assert_ne!(sealed, held);
        assert!(format!("{:?}", vault(7)).contains(sealed), "the id is shown");
        assert!(!format!("{:?}", vault(7)).contains("0707"), "the key is not");
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let (old, new) = (vault(7), vault(8));
        let both = Vault::new([&[8; KEY_BYTES][..], &[7; KEY_BYTES]].into_iter());
        let before = old.seal("here", b"secret").unwrap();
        assert_eq!(both.unseal("here", &before).unwrap().expose_secret(), b"secret");
        let after = both.reseal("here", &before).unwrap().unwrap();
        assert_eq!(new.unseal("here", &after).unwrap().expose_secret(), b"secret");
        assert!(matches!(old.unseal("here", &after), Err(Error::OtherKey { .. })));
        assert_eq!(both.reseal("here", &after).unwrap(), None, "it is sealed with the first key");
        assert!(matches!(both.reseal("there", &before), Err(Error::Damaged)));
        assert!(matches!(new.reseal("here", &before), Err(Error::OtherKey { .. })));
        assert_eq!((both.key_id(), both.key_ids()), (new.key_id(), format!("{}, {}", new.key_id(), old.key_id())));
    }

    #[test]
    fn keys_come_as_text_too() {
        let text = |bytes: usize| SecretString::from(BASE64_STANDARD.encode(vec![7; bytes]) + "\n");
        let sealed = vault(7).seal("here", b"x").unwrap();
        assert_eq!(Vault::of_keys(&[&text(32)]).unwrap().unseal("here", &sealed).unwrap().expose_secret(), b"x");
        for wrong in [text(31), text(33), text(0), "hunter2 hunter2".into()] {
            let error = Vault::of_keys(&[&text(32), &wrong]).unwrap_err();
            assert!(matches!(error, Error::Text) && !error.to_string().contains("hunter2"), "{error}");
        }
    }
}
