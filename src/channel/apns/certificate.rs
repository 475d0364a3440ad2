//! A client certificate from Apple: the older way to say who we are.

use jiff::Timestamp;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};
use x509_parser::der_parser::{Oid, oid};
use x509_parser::parse_x509_certificate;

use crate::http::Identity;

/// Where Apple writes the bundle id: `UID` of the subject.
const USER_ID: Oid<'static> = oid!(0.9.2342.19200300.100.1.1);

/// A certificate with its key.
pub struct Certificate {
    pub identity: Identity,
    /// The app's bundle id, if the certificate names one.
    pub bundle_id: Option<String>,
}

impl Certificate {
    /// Reads a certificate, which those that vouch for it may follow, and its key, both in PEM form.
    ///
    /// Errors: say what is wrong, and never repeat the texts.
    pub fn parse(certificate: &SecretString, key: &SecretString, now: Timestamp) -> Result<Self, String> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate.expose_secret().as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| "the certificate is not in PEM form".to_owned())?;
        let first = chain.first().ok_or("there is no certificate in PEM form")?;
        let (_, parsed) =
            parse_x509_certificate(first).map_err(|_| "the certificate is not one of X.509".to_owned())?;
        let end = parsed.validity().not_after.timestamp();
        if end < now.as_second() {
            let end = Timestamp::from_second(end).map_or_else(|_| "long ago".into(), |end| format!("at {end}"));
            return Err(format!("the certificate expired {end}"));
        }
        let user_id = parsed.subject().iter_by_oid(&USER_ID).next();
        let bundle_id = user_id.and_then(|id| id.as_str().ok()).map(str::to_owned);
        let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes())
            .map_err(|_| "the certificate's private key is not in PEM form".to_owned())?;
        Ok(Self { identity: Identity { chain, key }, bundle_id })
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    /// A certificate and its key, in PEM form; it ends with 2029.
    fn made(user_id: Option<&str>) -> (SecretString, SecretString) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        if let Some(user_id) = user_id {
            params.distinguished_name.push(DnType::CustomDnType(vec![0, 9, 2342, 19200300, 100, 1, 1]), user_id);
        }
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        (params.self_signed(&key).unwrap().pem().into(), key.serialize_pem().into())
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_bundle_id_stands_in_the_subject() {
        for user_id in [Some("com.example.app"), None] {
            let (certificate, key) = made(user_id);
            let read = Certificate::parse(&certificate, &key, time("2026-03-01T09:00:00Z")).unwrap();
            assert_eq!(read.bundle_id.as_deref(), user_id);
            assert_eq!(read.identity.chain.len(), 1);
        }
    }

    #[test]
    fn what_cannot_work_is_described_without_its_content() {
        let (certificate, key) = made(None);
        let problem = |certificate: &SecretString, key: &SecretString, now| {
            Certificate::parse(certificate, key, time(now)).err().unwrap()
        };
        let today = "2026-03-01T09:00:00Z";
        let secret = SecretString::from("hunter2");
        assert_eq!(problem(&secret, &key, today), "there is no certificate in PEM form");
        assert_eq!(problem(&certificate, &secret, today), "the certificate's private key is not in PEM form");
        let garbage = "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n".into();
        assert_eq!(problem(&garbage, &key, today), "the certificate is not one of X.509");
        let expired = problem(&certificate, &key, "2030-01-02T00:00:00Z");
        assert_eq!(expired, "the certificate expired at 2030-01-01T00:00:00Z");
    }
}
