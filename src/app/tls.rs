//! Certificates from files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::config;

/// Why the files cannot serve TLS.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`api.{given}` is set and `api.{missing}` is not: TLS takes both, plain HTTP neither")]
    Half { given: &'static str, missing: &'static str },
    #[error("`api.{key}`: cannot read `{path}`: {problem}")]
    Unreadable { key: &'static str, path: PathBuf, problem: String },
    #[error("`api.tls_certificate` and `api.tls_key` do not serve TLS: {0}")]
    Refused(#[from] rustls::Error),
}

/// How connections to the API are encrypted; `None` for plain HTTP. Offers HTTP/2 and HTTP/1.1.
///
/// Errors: one file without the other, files that are no PEM, a key that is not the certificate's.
pub fn server(api: &config::Api) -> Result<Option<Arc<ServerConfig>>, Error> {
    let (certificate, key) = (&api.tls_certificate, &api.tls_key);
    match (certificate.as_os_str().is_empty(), key.as_os_str().is_empty()) {
        (true, true) => return Ok(None),
        (false, true) => return Err(Error::Half { given: "tls_certificate", missing: "tls_key" }),
        (true, false) => return Err(Error::Half { given: "tls_key", missing: "tls_certificate" }),
        (false, false) => {}
    }
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable("tls_certificate", certificate, &error))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable("tls_key", key, &error))?;
    let mut server = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(Arc::new(server)))
}

fn unreadable(key: &'static str, path: &Path, error: &pem::Error) -> Error {
    let problem = match error {
        pem::Error::Io(error) if error.kind() == io::ErrorKind::NotFound => "there is no such file".to_owned(),
        pem::Error::Io(error) => error.to_string(),
        // Others may quote the file, which holds a secret.
        _ => "it is no PEM file of this kind".to_owned(),
    };
    Error::Unreadable { key, path: path.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    fn settings(certificate: &str, key: &str) -> config::Api {
        let mut api = Config::load(Sources::default()).unwrap().api;
        (api.tls_certificate, api.tls_key) = (certificate.into(), key.into());
        api
    }

    #[test]
    fn both_files_or_none() {
        crate::app::install_tls();
        assert!(server(&settings("", "")).unwrap().is_none());
        let pem = "tests/support/tls/server.pem";
        assert!(server(&settings(pem, pem)).unwrap().is_some());
        let cases = [
            (pem, "", "`api.tls_certificate` is set and `api.tls_key` is not: TLS takes both, plain HTTP neither"),
            ("", pem, "`api.tls_key` is set and `api.tls_certificate` is not: TLS takes both, plain HTTP neither"),
            ("no.pem", pem, "`api.tls_certificate`: cannot read `no.pem`: there is no such file"),
            (pem, "Cargo.toml", "`api.tls_key`: cannot read `Cargo.toml`: it is no PEM file of this kind"),
        ];
        for (certificate, key, expected) in cases {
            let error = server(&settings(certificate, key)).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}
