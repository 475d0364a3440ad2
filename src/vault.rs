//! Secrets at rest: sealed with a key that stands in a file of its own.
//!
//! A sealed text is `version (1 byte) | key id (8) | nonce (12) | ciphertext | tag (16)`, ChaCha20-Poly1305 over the
//! secret. What comes before the ciphertext, and the context the secret belongs to, are authenticated with it: a sealed
//! text that is moved to another place does not open. The key id tells apart a wrong key file and damaged data, and leaves
//! room for a second key while keys are changed.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{self, SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretSlice;
use secrecy::zeroize::{Zeroize, Zeroizing};

/// The form of sealed texts.
const VERSION: u8 = 1;
/// Bytes of a key file.
const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 8;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES;
const TAG_BYTES: usize = 16;

/// Keeps the key of one key file.
pub struct Vault {
    key: LessSafeKey,
    /// Tells keys apart without telling anything about them.
    key_id: [u8; KEY_ID_BYTES],
    random: SystemRandom,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("key_id", &hex::encode(self.key_id)).finish_non_exhaustive()
    }
}

/// Why secrets cannot be sealed or opened. Never holds any of them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key file cannot be read or made.
    #[error("cannot {operation} key file `{}`", path.display())]
    File {
        operation: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The key file has the wrong size.
    #[error("key file `{}` has {found} bytes, but a key has {KEY_BYTES}", path.display())]
    Length { path: PathBuf, found: usize },
    /// Others may read the key file.
    #[error(
        "key file `{}` has mode {mode:04o}, so that others may read it: set it to 0600, or to 0640 if it belongs to root",
        path.display()
    )]
    Exposed { path: PathBuf, mode: u32 },
    /// The text was sealed with another key.
    #[error("the secret was sealed with key {sealed}, but the key file holds key {held}: restore the key file of then")]
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
    /// Shape: 32 random bytes, readable by their owner alone; a file of root may also be readable by its group, since
    /// container platforms mount secrets so. Of several processes that make it at once, all get the same key.
    /// Errors: [`Exposed`](Error::Exposed), [`Length`](Error::Length), [`File`](Error::File).
    pub fn open(key_file: &Path) -> Result<Self, Error> {
        let failed = |operation| move |source| Error::File { operation, path: key_file.to_owned(), source };
        let random = SystemRandom::new();
        let mut file = match File::open(key_file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(key_file, &random)?;
                File::open(key_file)
            }
            opened => opened,
        }
        .map_err(failed("open"))?;

        let metadata = file.metadata().map_err(failed("look at"))?;
        let allowed = if metadata.uid() == 0 { 0o740 } else { 0o700 };
        let mode = metadata.mode() & 0o7777;
        if mode & 0o777 & !allowed != 0 {
            return Err(Error::Exposed { path: key_file.to_owned(), mode });
        }
        // One byte more than a key, so that a longer file is seen to be longer.
        let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
        (&mut file).take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed("read"))?;
        if bytes.len() != KEY_BYTES {
            let found = if bytes.len() < KEY_BYTES { bytes.len() } else { metadata.len() as usize };
            return Err(Error::Length { path: key_file.to_owned(), found });
        }
        Ok(Self::new(&bytes, random))
    }

    fn new(bytes: &[u8], random: SystemRandom) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, bytes).expect("the key has the cipher's length");
        let mut hash = digest::Context::new(&SHA256);
        hash.update(b"pinwheel vault key id\0");
        hash.update(bytes);
        let mut key_id = [0; KEY_ID_BYTES];
        key_id.copy_from_slice(&hash.finish().as_ref()[..KEY_ID_BYTES]);
        Self { key: LessSafeKey::new(key), key_id, random }
    }

    /// Seals a secret for one place, which `context` names.
    ///
    /// Shape: 37 bytes longer than the secret, different at each call.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| Error::Random)?;
        let mut header = [VERSION; HEADER_BYTES];
        header[1..].copy_from_slice(&self.key_id);

        // Reserved at once: growing would leave copies of the secret behind.
        let mut secret = Zeroizing::new(Vec::with_capacity(plain.len() + TAG_BYTES));
        secret.extend_from_slice(plain);
        let nonce_bytes = nonce;
        self.key
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
        if key_id != self.key_id {
            return Err(Error::OtherKey { sealed: hex::encode(key_id), held: hex::encode(self.key_id) });
        }
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_LEN).ok_or(Error::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::Damaged)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let plain =
            self.key.open_in_place(nonce, associated(header, context), &mut buffer).map_err(|_| Error::Damaged)?;
        let secret = SecretSlice::from(plain.to_vec());
        plain.zeroize();
        Ok(secret)
    }
}

/// What is authenticated beside the secret. The header has a fixed length, so that no two pairs give the same bytes.
fn associated(header: &[u8], context: &str) -> Aad<Vec<u8>> {
    Aad::from([header, context.as_bytes()].concat())
}

/// Makes a key file, unless somebody else was faster. It appears under its name only when it is whole and on disk.
fn create(path: &Path, random: &SystemRandom) -> Result<(), Error> {
    let failed = |source| Error::File { operation: "make", path: path.to_owned(), source };
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let mut suffix = [0; 8];
    random.fill(&mut *key).and_then(|()| random.fill(&mut suffix)).map_err(|_| Error::Random)?;

    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", hex::encode(suffix)));
    let draft = path.with_file_name(name);
    let write = || -> io::Result<()> {
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(&*key)?;
        file.sync_all()?;
        // Unlike a rename, a link never replaces the key of a faster process.
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    };
    let written = write();
    let removed = fs::remove_file(&draft);
    written.and(removed).map_err(failed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(&[byte; KEY_BYTES], SystemRandom::new())
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
    fn a_key_file_is_made_once_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pinwheel.key");
        let sealed = Vault::open(&path).unwrap().seal("here", b"x").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Vault::open(&path).unwrap().unseal("here", &sealed).unwrap().expose_secret(), b"x");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "drafts are gone");
        assert!(matches!(Vault::open(&folder.path().join("no/key")), Err(Error::File { operation: "make", .. })));
    }

    #[test]
    fn who_comes_at_the_same_time_gets_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pinwheel.key");
        let ids: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| Vault::open(&path).unwrap().key_id)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]));
    }

    #[test]
    fn key_files_that_cannot_be_right_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for length in [0, 31, 33, 1000] {
            fs::write(&path, vec![1; length]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let error = Vault::open(&path).unwrap_err();
            assert!(matches!(error, Error::Length { found, .. } if found == length), "{error}");
        }
        fs::write(&path, [1; KEY_BYTES]).unwrap();
        let is_root = fs::metadata(&path).unwrap().uid() == 0;
        for (mode, refused) in
            [(0o600, false), (0o400, false), (0o640, !is_root), (0o604, true), (0o644, true), (0o660, true)]
        {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let opened = Vault::open(&path);
            assert_eq!(matches!(&opened, Err(Error::Exposed { .. })), refused, "{mode:o}: {opened:?}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let text = Vault::open(&path).unwrap_err().to_string();
        assert!(
            text.ends_with(
                "has mode 0644, so that others may read it: set it to 0600, or to 0640 if it belongs to root"
            ),
            "{text}"
        );
    }
}
