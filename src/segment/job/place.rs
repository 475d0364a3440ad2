//! The URLs of jobs: `s3://bucket/prefix`, and `file:///path` below the folder that the settings allow.

use std::io;
use std::path::{Component, Path, PathBuf};

use url::Url;

use crate::config::Config;
use crate::segment::export::Destination;
use crate::segment::import::Source;
use crate::segment::remote;
use crate::wire::invalid::{Invalid, Problem};

/// Where the URL of an import leads.
pub(super) fn source(field: &str, url: &str, config: &Config) -> Result<Source, Invalid> {
    match Place::parse(field, url, &[], config)? {
        Place::Remote { store, key } => Ok(Source::Remote { store, key, url: url.to_owned() }),
        Place::Local { path, root } => Ok(Source::Local { path, within: Some(root) }),
    }
}

/// Where the URL of an export leads: `parts` are the names of folders below it.
pub(super) fn destination(field: &str, url: &str, parts: [&str; 2], config: &Config) -> Result<Destination, Invalid> {
    match Place::parse(field, url, &parts, config)? {
        Place::Remote { store, key } => Ok(Destination::Remote { store, prefix: key }),
        Place::Local { path, .. } => Ok(Destination::Folder(path)),
    }
}

fn is_name(part: &str) -> bool {
    matches!(Path::new(part).components().collect::<Vec<_>>()[..], [Component::Normal(name)] if name == part)
}

enum Place {
    Remote { store: std::sync::Arc<dyn object_store::ObjectStore>, key: object_store::path::Path },
    Local { path: PathBuf, root: PathBuf },
}

impl Place {
    fn parse(field: &str, url: &str, parts: &[&str], config: &Config) -> Result<Self, Invalid> {
        let invalid = |rule: String| Problem::rule(rule).at(field);
        if let Some(rest) = url.strip_prefix(remote::SCHEME) {
            if rest.is_empty() || rest.starts_with('/') {
                return Err(invalid(format!("`{url}` names no bucket")));
            }
            let (store, key) = remote::open(url, &config.aws)
                .map_err(|error| invalid(format!("`{url}`: {}", super::task::reasons(&error))))?;
            return Ok(Self::Remote { store, key: parts.iter().fold(key, |key, part| key.join(*part)) });
        }
        let path = Url::parse(url).ok().filter(|url| url.scheme() == "file").and_then(|url| url.to_file_path().ok());
        let Some(path) = path else {
            return Err(invalid(format!("`{url}` is neither s3://bucket/prefix nor file:///path")));
        };
        let allowed = &config.api.job_folder;
        if allowed.as_os_str().is_empty() {
            return Err(invalid(format!("`{url}`: the setting `api.job_folder` allows no files of this machine")));
        }
        let root = allowed.canonicalize().map_err(|error| {
            invalid(format!("`{url}`: the folder of the setting `api.job_folder` cannot be used: {error}"))
        })?;
        // Seen before anything is looked up, so that nobody learns what else there is.
        let below = path.strip_prefix(allowed).or_else(|_| path.strip_prefix(&root)).ok();
        let outside = || invalid(format!("`{url}` is not below the folder of the setting `api.job_folder`"));
        let mut path = root.join(below.ok_or_else(outside)?);
        for part in parts {
            // An application's id may be any text.
            if !is_name(part) {
                return Err(invalid(format!("`{part}` cannot be the name of a folder")));
            }
            path.push(part);
        }
        match real(&path) {
            Ok(path) if path.starts_with(&root) => Ok(Self::Local { path, root }),
            Ok(_) => Err(outside()),
            Err(error) => Err(invalid(format!("`{url}`: {error}"))),
        }
    }
}

/// The path without links; what does not exist yet stands as it is.
fn real(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Ok(real) => Ok(real),
        // A link that leads nowhere may lead somewhere later.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Err(error) };
            Ok(real(parent)?.join(name))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::Sources;

    fn config(folder: &Path) -> Config {
        let mut config = Config::load(Sources::default()).unwrap();
        config.api.job_folder = folder.to_owned();
        config
    }

    fn refusal(url: &str, config: &Config) -> String {
        source("S3Url", url, config).unwrap_err().to_string()
    }

    #[test]
    fn files_are_reached_below_the_folder_only() {
        let outer = tempfile::tempdir().unwrap();
        let outer = outer.path().canonicalize().unwrap();
        let folder = outer.join("jobs");
        for made in [&folder, &folder.join("in"), &outer.join("other")] {
            std::fs::create_dir(made).unwrap();
        }
        symlink(outer.join("other"), folder.join("out")).unwrap();
        symlink(outer.join("nothing"), folder.join("later")).unwrap();
        symlink(&folder, outer.join("link")).unwrap();
        let url = |path: &str| format!("file://{}/{path}", outer.display());

        let by_link = config(&outer.join("link"));
        for config in [&config(&folder), &by_link] {
            for good in ["jobs/in", "jobs/in/not/there", "jobs", "jobs/in/../in/a%20b"] {
                let found = source("S3Url", &url(good), config);
                assert!(matches!(found, Ok(Source::Local { path, .. }) if path.starts_with(&folder)), "{good}");
            }
            for bad in [
                "jobs/in%2F..%2F..%2Fother",
                "other",
                "jobs/../other",
                "jobs/out",
                "jobs/out/file",
                "jobs/%2e%2e/other",
                "jobs2",
                "",
            ] {
                let refused = refusal(&url(bad), config);
                assert!(
                    refused.ends_with("is not below the folder of the setting `api.job_folder`"),
                    "{bad}: {refused}"
                );
            }
            assert!(source("S3Url", &url("jobs/later"), config).is_err());
        }
        assert!(source("S3Url", &url("link/in"), &by_link).is_ok());
    }

    #[test]
    fn urls_say_what_is_wrong_with_them() {
        let none = config(Path::new(""));
        for (url, expected) in [
            ("s3://", "S3Url: `s3://` names no bucket"),
            ("s3:///key", "S3Url: `s3:///key` names no bucket"),
            ("http://host/x", "S3Url: `http://host/x` is neither s3://bucket/prefix nor file:///path"),
            ("file://host/x", "S3Url: `file://host/x` is neither s3://bucket/prefix nor file:///path"),
            ("bucket/key", "S3Url: `bucket/key` is neither s3://bucket/prefix nor file:///path"),
            ("file:///x", "S3Url: `file:///x`: the setting `api.job_folder` allows no files of this machine"),
        ] {
            assert_eq!(refusal(url, &none), expected);
        }
        let refused = refusal("file:///x", &config(Path::new("/no/such/folder")));
        assert!(refused.contains("`api.job_folder` cannot be used"), "{refused}");
    }

    #[test]
    fn exports_stand_under_the_names_of_application_and_job() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let url = format!("file://{}/out/", folder.path().display());
        let found = destination("S3UrlPrefix", &url, ["app", "job"], &config).unwrap();
        let expected = folder.path().canonicalize().unwrap().join("out/app/job");
        assert!(matches!(found, Destination::Folder(path) if path == expected));
        symlink(std::env::temp_dir(), folder.path().join("app")).unwrap();
        let root = format!("file://{}", folder.path().display());
        assert!(destination("S3UrlPrefix", &root, ["app", "job"], &config).is_err(), "a link leads out");
        for name in ["..", "", "a/b", "/etc", "."] {
            assert!(destination("S3UrlPrefix", &url, [name, "job"], &config).is_err(), "{name}");
        }
    }
}
