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

use super::private;

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
    private::make_folder(into).map_err(|error| error.to_string())?;
    let mut left = UNPACKED_BYTES_MAX;
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).map_err(|error| error.to_string())?;
        let name = file.name().map_err(|error| error.to_string())?.into_owned();
        let failed = |error: io::Error| format!("`{name}`: {error}");
        let path = file.enclosed_name().filter(|_| !name.contains('\\') && !name.starts_with('/'));
        let path = into.join(path.ok_or_else(|| format!("`{name}` leads out of the folder"))?);
        if file.is_symlink() {
            return Err(format!("`{name}` is a symbolic link"));
        }
        if file.is_dir() {
            private::make_folder(&path).map_err(failed)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            private::make_folder(parent).map_err(failed)?;
        }
        let mode = file.unix_mode();
        // The size that the archive states may be a lie.
        let mut out = private::file().write(true).truncate(true).open(&path).map_err(failed)?;
        let copied = io::copy(&mut (&mut file).take(left + 1), &mut out).map_err(failed)?;
        left = left.checked_sub(copied).ok_or_else(|| format!("it has more than {UNPACKED_BYTES_MAX} bytes"))?;
        let is_executable = mode.is_some_and(|mode| mode & 0o111 != 0) || name == "bootstrap";
        if is_executable {
            fs::set_permissions(&path, fs::Permissions::from_mode(private::FOLDER_MODE)).map_err(failed)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zipped(fill: impl FnOnce(&mut ZipWriter<io::Cursor<Vec<u8>>>)) -> Vec<u8> {
        let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
        fill(&mut zip);
        zip.finish().unwrap().into_inner()
    }

    fn unpacked(zip: &[u8]) -> Result<tempfile::TempDir, String> {
        let folder = tempfile::tempdir().unwrap();
        unpack(zip, &folder.path().join("in")).map(|()| folder)
    }

    #[test]
    fn files_keep_whether_they_can_be_executed() {
        let zip = zipped(|zip| {
            let options = SimpleFileOptions::default();
            for (name, mode) in [("index.js", 0o644), ("bin/tool", 0o700), ("bootstrap", 0o600)] {
                zip.start_file(name, options.unix_permissions(mode)).unwrap();
                zip.write_all(name.as_bytes()).unwrap();
            }
            zip.add_directory("empty", options).unwrap();
        });
        let folder = unpacked(&zip).unwrap();
        for (name, mode) in [("index.js", 0o600), ("bin/tool", 0o700), ("bootstrap", 0o700)] {
            let path = folder.path().join("in").join(name);
            assert_eq!(fs::read_to_string(&path).unwrap(), name);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{name}");
        }
        assert!(folder.path().join("in/empty").is_dir());
    }

    #[test]
    fn what_leads_out_or_is_too_much_is_refused() {
        let options = SimpleFileOptions::default();
        for name in ["../out", "a/../../out", "/out", "..\\out"] {
            let zip = zipped(|zip| zip.start_file(name, options).unwrap());
            assert!(unpacked(&zip).unwrap_err().contains("leads out of the folder"), "{name}");
        }
        let zip = zipped(|zip| zip.add_symlink("link", "/etc", options).unwrap());
        assert!(unpacked(&zip).unwrap_err().contains("`link` is a symbolic link"));
        let zip = zipped(|zip| {
            let zeroes = vec![0; 1024 * 1024];
            zip.start_file("bomb", options).unwrap();
            (0..=UNPACKED_BYTES_MAX / zeroes.len() as u64).for_each(|_| zip.write_all(&zeroes).unwrap());
        });
        assert!(zip.len() < 2 * 1024 * 1024);
        assert!(unpacked(&zip).unwrap_err().contains("it has more than"));
        assert!(unpacked(b"no zip").is_err());
    }

    #[test]
    fn a_fingerprint_is_of_names_sizes_and_times_of_files() {
        let folder = tempfile::tempdir().unwrap();
        let of = || fingerprint(folder.path()).unwrap();
        let mut seen = vec![of()];
        let file = folder.path().join("a.js");
        fs::write(&file, "1").unwrap();
        seen.push(of());
        fs::write(&file, "22").unwrap();
        seen.push(of());
        fs::File::options().write(true).open(&file).unwrap().set_modified(UNIX_EPOCH).unwrap();
        seen.push(of());
        fs::rename(&file, folder.path().join("b.js")).unwrap();
        seen.push(of());
        for (at, one) in seen.iter().enumerate() {
            assert!(!seen[at + 1..].contains(one), "step {at}");
        }
        fs::create_dir(folder.path().join("__pycache__")).unwrap();
        fs::write(folder.path().join("__pycache__/a.pyc"), "x").unwrap();
        assert_eq!(of(), seen[4]);
        assert!(fingerprint(&folder.path().join("absent")).is_err());
    }
}
