//! The certificates that SNS signs with: fetched from hosts that are SNS's, and kept.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use jiff::Timestamp;
use parking_lot::Mutex;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use url::Url;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::api::Error;
use crate::clock::{self, Clock};
use crate::http::{Access, Client, Tls};

/// Certificates kept. A region has one at a time, and a new one each year.
const CERTIFICATES_MAX: usize = 64;
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A certificate, as far as it is needed.
#[derive(Debug)]
pub struct Certificate {
    /// `RSAPublicKey` in DER. Source: RFC 8017, appendix A.1.1.
    pub public_key: Vec<u8>,
    ends_at: Timestamp,
}

/// Where something of SNS may come from.
enum Host {
    /// Labels of a public name, of which `*` is any.
    Name(Vec<String>),
    /// Scheme, name and port: a mirror of the operator's, wherever it is.
    Origin(url::Origin),
}

impl Host {
    fn parse(text: &str) -> Self {
        match Url::parse(text) {
            Ok(url) if url.has_host() => Self::Origin(url.origin()),
            _ => Self::Name(text.split('.').map(str::to_ascii_lowercase).collect()),
        }
    }

    /// How the URL may be reached, if it leads here.
    fn access(&self, url: &Url) -> Option<Access> {
        match self {
            Self::Origin(origin) => (*origin == url.origin()).then_some(Access::ANY),
            Self::Name(labels) => {
                let host = url.host_str()?;
                let is_here = labels.len() == host.split('.').count()
                    && labels.iter().zip(host.split('.')).all(|(label, found)| label == "*" || label == found);
                let is_plain = url.scheme() == "https" && url.port().is_none();
                (is_here && is_plain).then_some(Access { http: false, private_addresses: false })
            }
        }
    }
}

/// Fetches from SNS, and keeps its certificates.
pub struct Certificates {
    hosts: Vec<Host>,
    kept: Mutex<HashMap<String, Arc<Certificate>>>,
}

impl Certificates {
    pub fn new(hosts: &[String]) -> Self {
        Self { hosts: hosts.iter().map(|host| Host::parse(host)).collect(), kept: Mutex::default() }
    }

    /// The certificate at this URL.
    ///
    /// Errors: 403 for a URL that is not SNS's, or leads to no certificate that is good now; 500 when SNS cannot be reached,
    /// so that it tries again.
    pub async fn get(&self, url: &str, clock: &dyn Clock) -> Result<Arc<Certificate>, Error> {
        let kept = self.kept.lock().get(url).cloned();
        let certificate = match kept {
            Some(certificate) => certificate,
            None => {
                let pem = self.fetch(url, clock).await?;
                let certificate = Arc::new(read(&pem).ok_or_else(|| refused(url, "leads to no certificate"))?);
                let mut kept = self.kept.lock();
                if kept.len() >= CERTIFICATES_MAX {
                    kept.clear();
                }
                kept.insert(url.to_owned(), certificate.clone());
                certificate
            }
        };
        if certificate.ends_at < clock.now() {
            return Err(refused(url, "leads to a certificate that has ended"));
        }
        Ok(certificate)
    }

    /// What SNS has at this URL.
    ///
    /// Errors: as above.
    pub async fn fetch(&self, url: &str, clock: &dyn Clock) -> Result<Bytes, Error> {
        let parsed = Url::parse(url).ok().filter(|url| url.username().is_empty() && url.password().is_none());
        let access = parsed.and_then(|url| self.hosts.iter().find_map(|host| host.access(&url)));
        let access = access.ok_or_else(|| refused(url, "is no URL of SNS"))?;
        let request = Request::get(url).body(Bytes::new()).map_err(|_| refused(url, "is no URL of SNS"))?;
        // Seldom enough for a client of its own.
        let client = Client::with_tls(access, Tls::default()).map_err(Error::internal)?;
        let answer = clock::timeout(clock, FETCH_TIMEOUT, client.send(request, ANSWER_BYTES_MAX)).await;
        let answer = answer.ok_or_else(|| Error::internal("SNS did not answer in time"))?.map_err(Error::internal)?;
        match answer.status() {
            status if status.is_success() => Ok(answer.into_body()),
            status if status.is_server_error() => Err(Error::internal(format!("SNS answered {status}"))),
            _ => Err(refused(url, "leads nowhere")),
        }
    }
}

fn refused(url: &str, problem: &str) -> Error {
    Error::forbidden(format!("`{url}` {problem}"))
}

fn read(pem: &[u8]) -> Option<Certificate> {
    let der = CertificateDer::from_pem_slice(pem).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    Some(Certificate {
        public_key: certificate.public_key().subject_public_key.data.to_vec(),
        ends_at: Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_sns_are_asked() {
        let hosts = ["sns.*.amazonaws.com", "sns.*.amazonaws.com.cn", "http://127.0.0.1:9000"].map(Host::parse);
        let access = |url: &str| Url::parse(url).ok().and_then(|url| hosts.iter().find_map(|host| host.access(&url)));
        let public = Some(Access { http: false, private_addresses: false });
        assert_eq!(access("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem"), public);
        assert_eq!(access("https://SNS.cn-north-1.amazonaws.com.cn/x.pem"), public);
        assert_eq!(access("http://127.0.0.1:9000/x.pem"), Some(Access::ANY));
        for url in [
            "http://sns.us-east-1.amazonaws.com/x.pem",
            "https://sns.us-east-1.amazonaws.com:8443/x.pem",
            "https://sns.us-east-1.amazonaws.com.evil.example/x.pem",
            "https://evil.example/sns.us-east-1.amazonaws.com/x.pem",
            "https://sns.us-east-1.evil.amazonaws.com/x.pem",
            "https://sns.amazonaws.com/x.pem",
            "https://evil-sns.us-east-1.amazonaws.com/x.pem",
            "https://bucket.s3.amazonaws.com/x.pem",
            "http://127.0.0.1:9001/x.pem",
            "https://127.0.0.1:9000/x.pem",
            "file:///etc/passwd",
        ] {
            assert_eq!(access(url), None, "{url}");
        }
    }
}
