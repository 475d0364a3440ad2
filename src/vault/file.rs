//! Key files: read, made, and changed without a moment in which a key is lost.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use secrecy::zeroize::Zeroizing;

use super::{Error, KEY_BYTES, KEYS_MAX};

type Bytes = Zeroizing<Vec<u8>>;

/// The keys of a file, one after the other. The file is made if it is missing.
pub(super) fn read_or_make(path: &Path) -> Result<Bytes, Error> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path)?;
            read(path)
        }
        _ => read(path),
    }
}

/// Puts a new key before the one of a file: from then on it seals. A file with several keys stays as it is, since a change of
/// its key was begun and not finished.
///
/// Errors: as [`Vault::open`](super::Vault::open).
pub fn add_key(path: &Path) -> Result<(), Error> {
    let old = read(path)?;
    if old.len() > KEY_BYTES {
        return Ok(());
    }
    let mut keys = Zeroizing::new(vec![0; KEY_BYTES + old.len()]);
    SystemRandom::new().fill(&mut keys[..KEY_BYTES]).map_err(|_| Error::Random)?;
    keys[KEY_BYTES..].copy_from_slice(&old);
    replace(path, &keys)
}

/// Leaves a file with its first key alone: what other keys sealed opens no more.
///
/// Errors: as [`Vault::open`](super::Vault::open).
pub fn drop_old_keys(path: &Path) -> Result<(), Error> {
    let keys = read(path)?;
    if keys.len() == KEY_BYTES {
        return Ok(());
    }
    replace(path, &keys[..KEY_BYTES])
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::File { operation, path: path.to_owned(), source }
}

/// The keys of a file, one after the other.
pub(super) fn read(path: &Path) -> Result<Bytes, Error> {
    let mut file = File::open(path).map_err(failed("open", path))?;
    let metadata = file.metadata().map_err(failed("look at", path))?;
    let allowed = if metadata.uid() == 0 { 0o740 } else { 0o700 };
    let mode = metadata.mode() & 0o7777;
    if mode & 0o777 & !allowed != 0 {
        return Err(Error::Exposed { path: path.to_owned(), mode });
    }
    // One byte more than the keys, so that a longer file is seen to be longer.
    let bytes_max = KEYS_MAX * KEY_BYTES;
    let mut bytes = Zeroizing::new(Vec::with_capacity(bytes_max + 1));
    (&mut file).take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    if bytes.is_empty() || bytes.len() > bytes_max || !bytes.len().is_multiple_of(KEY_BYTES) {
        let found = if bytes.len() > bytes_max { metadata.len() as usize } else { bytes.len() };
        return Err(Error::Length { path: path.to_owned(), found });
    }
    Ok(bytes)
}

/// Makes a key file, unless somebody else was faster. It appears under its name only when it is whole and on disk.
fn make(path: &Path) -> Result<(), Error> {
    let random = SystemRandom::new();
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let mut suffix = [0; 8];
    random.fill(&mut *key).and_then(|()| random.fill(&mut suffix)).map_err(|_| Error::Random)?;
    let draft = beside(path, &format!(".{}.new", hex::encode(suffix)));
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
    written.and(removed).and_then(|()| sync_folder(path)).map_err(failed("make", path))
}

/// Replaces a key file at once; owner and permissions stay. Whoever reads it meanwhile gets all of the old one or all of the new.
fn replace(path: &Path, keys: &[u8]) -> Result<(), Error> {
    let write = || -> io::Result<()> {
        // A link stays one.
        let path = fs::canonicalize(path)?;
        let draft = beside(&path, ".new");
        // One that a crash left behind.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let before = fs::metadata(&path)?;
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
        let made = file.metadata()?;
        if (made.uid(), made.gid()) != (before.uid(), before.gid()) {
            fchown(&file, Some(before.uid()), Some(before.gid()))?;
        }
        file.set_permissions(Permissions::from_mode(before.mode() & 0o7777))?;
        file.write_all(keys)?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        sync_folder(&path)
    };
    write().map_err(failed("replace", path))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// Brings the names of a folder to disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::vault::Vault;

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
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| Vault::open(&path).unwrap().key_id())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]));
    }

    #[test]
    fn key_files_that_cannot_be_right_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for length in [0, 31, 33, 1000, 32 * 9] {
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

    #[test]
    fn a_key_is_changed_in_two_steps() {
        let folder = tempfile::tempdir().unwrap();
        let (real, path) = (folder.path().join("real"), folder.path().join("pinwheel.key"));
        std::os::unix::fs::symlink(&real, &path).unwrap();
        fs::write(&real, [1; KEY_BYTES]).unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o400)).unwrap();
        fs::write(folder.path().join("real.new"), "left behind").unwrap();
        let sealed = Vault::open(&path).unwrap().seal("here", b"x").unwrap();

        add_key(&path).unwrap();
        let both = fs::read(&real).unwrap();
        assert_eq!((both.len(), &both[KEY_BYTES..]), (2 * KEY_BYTES, &[1; KEY_BYTES][..]));
        add_key(&path).unwrap();
        assert_eq!(fs::read(&real).unwrap(), both, "a change that was begun goes on");
        let vault = Vault::open(&path).unwrap();
        let resealed = vault.reseal("here", &sealed).unwrap().unwrap();

        drop_old_keys(&path).unwrap();
        drop_old_keys(&path).unwrap();
        assert_eq!(fs::read(&real).unwrap(), both[..KEY_BYTES]);
        let vault = Vault::open(&path).unwrap();
        assert_eq!(vault.unseal("here", &resealed).unwrap().expose_secret(), b"x");
        assert!(matches!(vault.unseal("here", &sealed), Err(Error::OtherKey { .. })));
        assert_eq!(fs::metadata(&real).unwrap().mode() & 0o777, 0o400, "permissions stay");
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink(), "a link stays");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "drafts are gone");
    }
}
