//! The certificates that SNS signs with: fetched from SNS's host in the topic's region, and kept.
//!
//! An envelope is not proven when its certificate is fetched, so whoever knows a topic can make us fetch: one URL at a time, of
//! SNS's alone, and what failed is not tried again for a while.
//!
//! Source: Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages".

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::sync::OnceCell;
use url::{Origin, Url};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::shown;
use crate::api::Error;
use crate::clock::{self, Clock};
use crate::http::{self, Access, Client, Tls};

/// Certificates kept, and failures. A region has one certificate at a time, and a new one each year.
const KEPT_MAX: usize = 64;
/// How long a failure is remembered. SNS tries again after twenty seconds, and then for hours.
const FAILURE_KEPT: SignedDuration = SignedDuration::from_secs(60);
/// For an answer of SNS, and for the fetches before.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Characters of a certificate's URL: SNS's have about a hundred.
const URL_CHARS_MAX: usize = 512;

/// Path of a certificate, around its name of letters and digits.
const PATH_START: &str = "/SimpleNotificationService-";
const PATH_END: &str = ".pem";

/// A certificate, as far as it is needed.
#[derive(Debug)]
pub struct Certificate {
    /// `RSAPublicKey` in DER. Source: RFC 8017, appendix A.1.1.
    pub public_key: Vec<u8>,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

/// Why there is no certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Failure {
    /// The URL leads to something else.
    Wrong(&'static str),
    /// Perhaps later.
    Away(&'static str),
}

impl Failure {
    /// An error that shows no more of the URL than host and path.
    fn of(self, url: &Url) -> Error {
        let place = shown(&format!("{}{}", url.host_str().unwrap_or_default(), url.path()));
        match self {
            Self::Wrong(problem) => Error::forbidden(format!("`{place}` {problem}")),
            Self::Away(problem) => Error::unavailable(format!("`{place}` {problem}")),
        }
    }
}

/// Fetches from SNS, and keeps its certificates.
pub struct Certificates {
    /// Where SNS is, instead of its own hosts.
    mirrors: Vec<Origin>,
    client: OnceCell<Client>,
    /// Held by the one that fetches.
    fetching: tokio::sync::Mutex<()>,
    kept: Mutex<HashMap<Url, Arc<Certificate>>>,
    /// With the time until which they are remembered.
    failed: Mutex<HashMap<Url, (Failure, Timestamp)>>,
}

impl Certificates {
    /// `mirrors` are origins such as `http://127.0.0.1:9000`; without any, SNS's own hosts are asked.
    pub fn new(mirrors: &[String]) -> Self {
        Self {
            mirrors: mirrors.iter().filter_map(|mirror| Some(Url::parse(mirror).ok()?.origin())).collect(),
            client: OnceCell::new(),
            fetching: tokio::sync::Mutex::default(),
            kept: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// The certificate at this URL, for a message of this topic.
    ///
    /// Errors: 403 for a URL that is not SNS's, or leads to no certificate that is good now; 503 when SNS cannot be reached,
    /// so that it tries again.
    pub async fn get(&self, url: &str, topic_arn: &str, clock: &dyn Clock) -> Result<Arc<Certificate>, Error> {
        let url = self.certificate_url(url, topic_arn)?;
        let certificate = match self.known(&url, clock.now())? {
            Some(certificate) => certificate,
            None => self.fetched(&url, clock).await?,
        };
        if !(certificate.starts_at..=certificate.ends_at).contains(&clock.now()) {
            return Err(Failure::Wrong("leads to a certificate that is not good now").of(&url));
        }
        Ok(certificate)
    }

    /// Confirms a subscription to a topic.
    ///
    /// Errors: 403 for a URL that is not SNS's, or of no use; 503 when SNS cannot be reached.
    pub async fn confirm(&self, url: &str, topic_arn: &str, clock: &dyn Clock) -> Result<(), Error> {
        let url = self.confirmation_url(url, topic_arn)?;
        let answer = self.ask(&url, clock).await?;
        answer.map(drop).map_err(|failure| failure.of(&url))
    }

    fn certificate_url(&self, text: &str, topic_arn: &str) -> Result<Url, Error> {
        let refused = || Error::forbidden(format!("SigningCertURL: `{}` is no certificate of SNS", shown(text)));
        let url = Some(text).filter(|text| text.len() <= URL_CHARS_MAX);
        let url = url.and_then(|text| self.url(text, topic_arn)).filter(|url| url.query().is_none());
        let url = url.ok_or_else(refused)?;
        let name = url.path().strip_prefix(PATH_START).and_then(|path| path.strip_suffix(PATH_END));
        match name {
            Some(name) if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Ok(url),
            _ => Err(refused()),
        }
    }

    fn confirmation_url(&self, text: &str, topic_arn: &str) -> Result<Url, Error> {
        let url = self.url(text, topic_arn).filter(|url| url.path() == "/");
        url.ok_or_else(|| Error::forbidden(format!("SubscribeURL: `{}` is no URL of SNS", shown(text))))
    }

    /// A URL of SNS where the topic is.
    fn url(&self, text: &str, topic_arn: &str) -> Option<Url> {
        let url = Url::parse(text).ok()?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_here = match self.mirrors.as_slice() {
            [] => url.origin() == origin(topic_arn)?,
            mirrors => mirrors.contains(&url.origin()),
        };
        (is_plain && is_here).then_some(url)
    }

    /// Errors: what failed a short while ago.
    fn known(&self, url: &Url, now: Timestamp) -> Result<Option<Arc<Certificate>>, Error> {
        if let Some(certificate) = self.kept.lock().get(url) {
            return Ok(Some(certificate.clone()));
        }
        match self.failed.lock().get(url) {
            Some((failure, until)) if now < *until => Err(failure.of(url)),
            _ => Ok(None),
        }
    }

    async fn fetched(&self, url: &Url, clock: &dyn Clock) -> Result<Arc<Certificate>, Error> {
        let turn = clock::timeout(clock, FETCH_TIMEOUT, self.fetching.lock()).await;
        let _turn = turn.ok_or_else(|| Failure::Away("has to wait for other certificates").of(url))?;
        // Perhaps the one before was after the same.
        if let Some(certificate) = self.known(url, clock.now())? {
            return Ok(certificate);
        }
        let found = self.ask(url, clock).await?;
        match found.and_then(|pem| read(&pem).ok_or(Failure::Wrong("leads to no certificate"))) {
            Ok(certificate) => {
                let certificate = Arc::new(certificate);
                keep(&self.kept, url, certificate.clone());
                Ok(certificate)
            }
            Err(failure) => {
                keep(&self.failed, url, (failure, clock.now() + FAILURE_KEPT));
                Err(failure.of(url))
            }
        }
    }

    /// What SNS has at this URL. Its failures are not ours: strangers may be why.
    ///
    /// Errors: a system without root certificates.
    async fn ask(&self, url: &Url, clock: &dyn Clock) -> Result<Result<Bytes, Failure>, Error> {
        let access = match self.mirrors.is_empty() {
            true => Access { http: false, private_addresses: false },
            false => Access::ANY,
        };
        let client = self.client.get_or_try_init(|| async move {
            // The system's root certificates are read from its disk.
            let made = tokio::task::spawn_blocking(move || Client::with_tls(access, Tls::default())).await;
            made.map_err(Error::internal)?.map_err(Error::internal)
        });
        let client = client.await?;
        let Ok(request) = Request::get(url.as_str()).body(Bytes::new()) else {
            return Ok(Err(Failure::Wrong("is no URL")));
        };
        let answer = clock::timeout(clock, FETCH_TIMEOUT, client.send(request, ANSWER_BYTES_MAX)).await;
        Ok(match answer {
            None => Err(Failure::Away("did not answer in time")),
            Some(Err(error)) => {
                tracing::debug!(host = url.host_str(), error = %error, "SNS cannot be asked");
                Err(match error {
                    http::Error::AnswerTooLarge { .. } => Failure::Wrong("leads to something large"),
                    http::Error::Connect(_) | http::Error::Forbidden(_) if self.mirrors.is_empty() => Failure::Away(
                        "cannot be reached at a public address; one of a VPC endpoint has to be listed in \
                         `feedback.sns_certificate_hosts`",
                    ),
                    _ => Failure::Away("cannot be reached"),
                })
            }
            Some(Ok(answer)) if answer.status().is_success() => Ok(answer.into_body()),
            Some(Ok(answer)) if answer.status().is_server_error() => Err(Failure::Away("answers with an error")),
            Some(Ok(_)) => Err(Failure::Wrong("leads nowhere")),
        })
    }
}

/// Where SNS has a topic. Source: AWS General Reference, "Amazon SNS endpoints and quotas"; the partitions of ARNs.
fn origin(topic_arn: &str) -> Option<Origin> {
    let mut parts = topic_arn.split(':');
    let (Some("arn"), partition, Some("sns"), Some(region)) = (parts.next(), parts.next()?, parts.next(), parts.next())
    else {
        return None;
    };
    let domain = match partition {
        "aws" | "aws-us-gov" => "amazonaws.com",
        "aws-cn" => "amazonaws.com.cn",
        _ => return None,
    };
    let is_name = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let url = is_name.then(|| Url::parse(&format!("https://sns.{region}.{domain}")).ok());
    Some(url??.origin())
}

fn keep<T>(all: &Mutex<HashMap<Url, T>>, url: &Url, one: T) {
    let mut all = all.lock();
    if all.len() >= KEPT_MAX {
        all.clear();
    }
    all.insert(url.clone(), one);
}

fn read(pem: &[u8]) -> Option<Certificate> {
    let der = CertificateDer::from_pem_slice(pem).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    let validity = certificate.validity();
    Some(Certificate {
        public_key: certificate.public_key().subject_public_key.data.to_vec(),
        starts_at: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
        ends_at: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
    })
}

#[cfg(test)]
mod tests;
