//! A function's code: a folder, or a zip file that is unpacked into one.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};
use walkdir::WalkDir;
use xxhash_rust::xxh3::Xxh3;
use zip::ZipArchive;

/// Bytes of unpacked code, and files in it. Source of the first: AWS Lambda developer guide, "Lambda quotas".
const UNPACKED_BYTES_MAX: u64 = 250 * 1024 * 1024;
const FILES_MAX: usize = 100_000;

/// Folders that interpreters and tools write to.
const LEFT_OUT: &[&str] = &["__pycache__", ".git"];

/// Changes when a file comes, goes, or changes its size or time.
///
/// Errors: text for people.
pub(super) fn fingerprint(code: &Path) -> Result<u64, String> {
    let mut hash = Xxh3::new();
    let is_ours = |entry: &walkdir::DirEntry| !LEFT_OUT.iter().any(|name| entry.file_name() == *name);
    for entry in WalkDir::new(code).sort_by_file_name().into_iter().filter_entry(is_ours) {
        let entry = entry.map_err(|error| error.to_string())?;
        if entry.file_type().is_dir() {
            continue;
        }
        // A link counts as what it leads to.
        let Ok(metadata) = fs::metadata(entry.path()) else { continue };
        let changed =
            metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        hash.update(entry.path().as_os_str().as_encoded_bytes());
        hash.update(&metadata.len().to_le_bytes());
        hash.update(&changed.as_nanos().to_le_bytes());
    }
    Ok(hash.digest())
}

/// The folder to run from; a zip file is unpacked into a folder of its own in `directory`, unless it was before.
///
/// Errors: text for people.
pub(super) fn folder(code: &Path, directory: &Path) -> Result<PathBuf, String> {
    if code.is_dir() {
        return std::path::absolute(code).map_err(|error| format!("`{}`: {error}", code.display()));
    }
    let bytes = fs::read(code).map_err(|error| format!("`{}`: {error}", code.display()))?;
    let name = hex::encode(&Sha256::digest(&bytes)[..8]);
    let folder = directory.join(format!("code-{name}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    let unfinished = directory.join(format!("code-{name}.{}", std::process::id()));
    let unpacked = unpack(&bytes, &unfinished).and_then(|()| match fs::rename(&unfinished, &folder) {
        // Another process was first.
        Err(_) if folder.is_dir() => Ok(()),
        renamed => renamed.map_err(|error| error.to_string()),
    });
    let _ = fs::remove_dir_all(&unfinished);
    unpacked.map_err(|problem| format!("`{}` cannot be unpacked: {problem}", code.display()))?;
    Ok(folder)
}

/// Errors: a path that leads out of the folder, a link, too much of anything.
fn unpack(zip: &[u8], into: &Path) -> Result<(), String> {
    let mut archive = ZipArchive::new(io::Cursor::new(zip)).map_err(|error| error.to_string())?;
    if archive.len() > FILES_MAX {
        return Err(format!("it has {} files, and may have at most {FILES_MAX}", archive.len()));
    }
    fs::create_dir_all(into).map_err(|error| error.to_string())?;
    let mut left = UNPACKED_BYTES_MAX;
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).map_err(|error| error.to_string())?;
        let name = file.name().map_err(|error| error.to_string())?.into_owned();
        let failed = |error: io::Error| format!("`{name}`: {error}");
        let path = file.enclosed_name().filter(|_| !name.contains('\\'));
        let path = into.join(path.ok_or_else(|| format!("`{name}` leads out of the folder"))?);
        if file.is_symlink() {
            return Err(format!("`{name}` is a symbolic link"));
        }
        if file.is_dir() {
            fs::create_dir_all(&path).map_err(failed)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let mode = file.unix_mode();
        // The size that the archive states may be a lie.
        let mut out = fs::File::create(&path).map_err(failed)?;
        let copied = io::copy(&mut (&mut file).take(left + 1), &mut out).map_err(failed)?;
        left = left.checked_sub(copied).ok_or_else(|| format!("it has more than {UNPACKED_BYTES_MAX} bytes"))?;
        let is_executable = mode.is_some_and(|mode| mode & 0o111 != 0) || name == "bootstrap";
        let mode = if is_executable { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(failed)?;
    }
    Ok(())
}
