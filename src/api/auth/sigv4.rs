//! AWS Signature Version 4, the verifying side: pure, with the time as an argument.
//!
//! Source: IAM user guide, "AWS Signature Version 4 for API requests".

use std::time::Duration;

use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ring::{digest, hmac};
use secrecy::zeroize::Zeroizing;

use super::canonical;
use super::error::Error;
use super::service::Service;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
/// How far the clocks of client and server may be apart.
const SKEW_MAX: Duration = Duration::from_secs(5 * 60);
/// How long a presigned URL may be valid.
const EXPIRES_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The form of times, in UTC.
const TIME_FORMAT: &str = "%Y%m%dT%H%M%SZ";
const SIGNATURE_BYTES: usize = 32;

const SIGNATURE_PARAMETER: &str = "X-Amz-Signature";
/// Parameters of a presigned URL. Each of them marks one.
const PARAMETERS: [&str; 6] =
    ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", SIGNATURE_PARAMETER];

/// `x-amz-*` headers that need not be signed: AWS's signers leave the first out of presigned URLs, and the second is
/// added by CloudFront on the way. Neither is looked at.
const UNSIGNED_HEADERS: [&str; 2] = ["x-amz-user-agent", "x-amz-cf-id"];

/// What a request says about its signature. Nothing of it is verified.
#[derive(Clone, Eq, PartialEq)]
pub struct Claim {
    pub key_id: String,
    pub region: String,
    pub service: Service,
    time: Timestamp,
    /// Lower-case and sorted.
    signed_headers: Vec<String>,
    signature: [u8; SIGNATURE_BYTES],
    /// How long it is valid, for a presigned URL.
    expires: Option<Duration>,
}

/// What signs for one key, day, region and service.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    pub fn derive(secret: &[u8], date: &str, region: &str, service: Service) -> Self {
        let first = Zeroizing::new([b"AWS4", secret].concat());
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, &first);
        for part in [date, region, service.name(), TERMINATOR] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        Self(key)
    }
}

/// The parts of a signature as text, of either form.
struct Parameters {
    credential: String,
    date: String,
    signed_headers: String,
    signature: String,
    expires: Option<String>,
}

impl Claim {
    /// Reads the signature of a request: from its `Authorization` header or its query.
    ///
    /// Errors: [`Unsigned`](Error::Unsigned), [`Incomplete`](Error::Incomplete), [`Scope`](Error::Scope).
    pub fn read(head: &Parts) -> Result<Self, Error> {
        let mut headers = head.headers.get_all(AUTHORIZATION).iter().filter(|value| !value.is_empty());
        let query = head.uri.query().unwrap_or_default();
        let is_presigned = canonical::parameters(query).any(|(name, _)| is_parameter(&name));
        let parameters = match (headers.next(), headers.next(), is_presigned) {
            (None, _, false) => return Err(Error::Unsigned),
            (None, _, true) => Parameters::from_query(query)?,
            (Some(header), None, false) => {
                let text = header.to_str().map_err(|_| incomplete("Authorization header is not text."))?;
                Parameters::from_header(text, date_header(head)?)?
            }
            _ => return Err(incomplete("A request must have one signature, in its header or its query.")),
        };
        Self::parse(parameters, Service::of(&canonical::path(head.uri.path())))
    }

    fn parse(parameters: Parameters, service: Service) -> Result<Self, Error> {
        let Parameters { credential, date, signed_headers, signature, expires } = parameters;
        let time = parse_time(&date)
            .ok_or_else(|| incomplete("Date must be in ISO-8601 'basic format', such as 20260301T090000Z."))?;

        // A key id may hold slashes, the rest may not.
        let mut scope = credential.rsplitn(5, '/');
        let mut next = || scope.next().filter(|part| !part.is_empty());
        let (Some(terminator), Some(signed_for), Some(region), Some(day), Some(key_id)) =
            (next(), next(), next(), next(), next())
        else {
            return Err(incomplete("Credential must have exactly 5 slash-delimited elements."));
        };
        if terminator != TERMINATOR {
            return Err(scope_error(format!("Credential should be scoped with a valid terminator: '{TERMINATOR}'.")));
        }
        if signed_for != service.name() {
            let service = service.name();
            return Err(scope_error(format!("Credential should be scoped to correct service: '{service}'.")));
        }
        if Some(day) != date.get(..8) {
            return Err(scope_error("Date in Credential scope does not match the date of the request.".to_owned()));
        }

        let names: Vec<_> = signed_headers.split(';').map(str::to_owned).collect();
        let is_name = |name: &String| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
        if !names.iter().all(is_name) || !names.is_sorted_by(|one, other| one < other) {
            return Err(incomplete("SignedHeaders must be lower-case names, sorted, each once."));
        }
        let mut bytes = [0; SIGNATURE_BYTES];
        let is_lower = !signature.bytes().any(|byte| byte.is_ascii_uppercase());
        if !is_lower || hex::decode_to_slice(&signature, &mut bytes).is_err() {
            return Err(incomplete("Signature must be 64 lower-case hexadecimal digits."));
        }
        Ok(Self {
            key_id: key_id.to_owned(),
            region: region.to_owned(),
            service,
            time,
            signed_headers: names,
            signature: bytes,
            expires: expires.as_deref().map(parse_expires).transpose()?,
        })
    }

    /// The day the signature is for, as in `20260301`.
    pub fn date(&self) -> String {
        self.time.strftime("%Y%m%d").to_string()
    }

    /// Checks everything that needs no key: the time, and that what must be signed is.
    ///
    /// Errors: [`Expired`](Error::Expired), [`UrlExpired`](Error::UrlExpired), [`NotYetCurrent`](Error::NotYetCurrent),
    /// [`HeaderNotSigned`](Error::HeaderNotSigned), [`BodyNotSigned`](Error::BodyNotSigned).
    pub fn check(&self, head: &Parts, now: Timestamp) -> Result<(), Error> {
        self.check_time(now)?;
        self.check_headers(head)
    }

    fn check_time(&self, now: Timestamp) -> Result<(), Error> {
        let (earliest, latest) = (now - SKEW_MAX, now + SKEW_MAX);
        let signed = show(self.time);
        if self.time > latest {
            return Err(Error::NotYetCurrent { signed, latest: show(latest), now: show(now) });
        }
        match self.expires {
            None if self.time < earliest => Err(Error::Expired { signed, earliest: show(earliest), now: show(now) }),
            Some(expires) if now > self.time + expires => {
                Err(Error::UrlExpired { until: show(self.time + expires), now: show(now) })
            }
            _ => Ok(()),
        }
    }

    fn check_headers(&self, head: &Parts) -> Result<(), Error> {
        let is_signed = |name: &str| self.signed_headers.iter().any(|signed| signed == name);
        if !is_signed("host") {
            return Err(Error::HeaderNotSigned("host".to_owned()));
        }
        let mut sent = head.headers.keys().map(|name| name.as_str());
        let is_forgotten =
            |name: &&str| name.starts_with("x-amz-") && !UNSIGNED_HEADERS.contains(name) && !is_signed(name);
        match sent.find(is_forgotten) {
            Some(name) => Err(Error::HeaderNotSigned(name.to_owned())),
            None => Ok(()),
        }
    }

    /// Verifies the signature over the head and the whole body, both as they were received. Takes the same time
    /// wherever signatures differ.
    ///
    /// Errors: [`BodyNotSigned`](Error::BodyNotSigned), [`Mismatch`](Error::Mismatch).
    pub fn verify(&self, key: &SigningKey, head: &Parts, body: &[u8]) -> Result<(), Error> {
        let body_hash = hash(body);
        for declared in head.headers.get_all("x-amz-content-sha256") {
            match declared.as_bytes() {
                b"UNSIGNED-PAYLOAD" => return Err(Error::BodyNotSigned),
                other if other.starts_with(b"STREAMING-") => return Err(Error::BodyNotSigned),
                other if other != body_hash.as_bytes() => return Err(Error::Mismatch),
                _ => {}
            }
        }
        let own = pinpoint_host(&self.region);
        let is_signed = |host| self.is_signed_for(host, key, head, &body_hash);
        if is_signed(None) || is_signed(Some(&*own)) { Ok(()) } else { Err(Error::Mismatch) }
    }

    /// Whether the signature is right for this host, or for the one that the request has.
    fn is_signed_for(&self, host: Option<&str>, key: &SigningKey, head: &Parts, body_hash: &str) -> bool {
        let left_out = self.expires.map(|_| SIGNATURE_PARAMETER);
        // A header that was signed and is gone was taken out on the way.
        let Ok(request) = canonical::request(head, &self.signed_headers, left_out, host, body_hash) else {
            return false;
        };
        let text = format!(
            "{ALGORITHM}\n{}\n{}/{}/{}/{TERMINATOR}\n{}",
            show(self.time),
            self.date(),
            self.region,
            self.service.name(),
            hash(&request)
        );
        hmac::verify(&key.0, text.as_bytes(), &self.signature).is_ok()
    }
}

/// Pinpoint's host in a region. Clients that know no other one sign for it, and something on the way leads them here.
fn pinpoint_host(region: &str) -> String {
    format!("pinpoint.{region}.amazonaws.com")
}

impl Parameters {
    /// Of `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, in any order.
    fn from_header(text: &str, date: Option<&str>) -> Result<Self, Error> {
        let (algorithm, list) = text.trim().split_once(' ').unwrap_or((text, ""));
        if algorithm != ALGORITHM {
            return Err(incomplete("Authorization header requires the algorithm 'AWS4-HMAC-SHA256'."));
        }
        let names = ["Credential", "Signature", "SignedHeaders"];
        let mut values = [const { None }; 3];
        for part in list.split(',') {
            let place = part.trim().split_once('=').and_then(|(name, value)| {
                let index = names.iter().position(|known| *known == name)?;
                Some((index, value))
            });
            match place {
                Some((index, value)) if values[index].is_none() && !value.is_empty() => {
                    values[index] = Some(value.to_owned());
                }
                // What it says is not repeated: it may be a token of another kind.
                _ if !part.trim().is_empty() => {
                    return Err(incomplete(
                        "Authorization header must consist of 'Credential', 'SignedHeaders' and 'Signature', each once.",
                    ));
                }
                _ => {}
            }
        }
        let lacks = |name: &str| format!("Authorization header requires '{name}' parameter.");
        let mut missing: Vec<_> =
            names.iter().zip(&values).filter(|(_, value)| value.is_none()).map(|(name, _)| lacks(name)).collect();
        if date.is_none() {
            missing.push("Authorization header requires existence of a 'X-Amz-Date' header.".to_owned());
        }
        match (values, date) {
            ([Some(credential), Some(signature), Some(signed_headers)], Some(date)) => {
                Ok(Self { credential, date: date.to_owned(), signed_headers, signature, expires: None })
            }
            _ => Err(Error::Incomplete(missing.join(" "))),
        }
    }

    fn from_query(query: &str) -> Result<Self, Error> {
        let mut values = [const { None }; PARAMETERS.len()];
        for (name, value) in canonical::parameters(query) {
            let Some(index) = PARAMETERS.iter().position(|known| known.as_bytes() == name) else { continue };
            let value =
                String::from_utf8(value).map_err(|_| incomplete("AWS query-string parameters must be text."))?;
            if values[index].replace(value).is_some() {
                return Err(Error::Incomplete(format!(
                    "AWS query-string parameters must include '{}' once.",
                    PARAMETERS[index]
                )));
            }
        }
        let missing = PARAMETERS.iter().zip(&values).find(|(_, value)| value.as_ref().is_none_or(String::is_empty));
        if let Some((name, _)) = missing {
            return Err(Error::Incomplete(format!("AWS query-string parameters must include '{name}'.")));
        }
        let [algorithm, credential, date, expires, signed_headers, signature] = values.map(Option::unwrap_or_default);
        if algorithm != ALGORITHM {
            return Err(incomplete("X-Amz-Algorithm must be 'AWS4-HMAC-SHA256'."));
        }
        Ok(Self { credential, date, signed_headers, signature, expires: Some(expires) })
    }
}

fn is_parameter(name: &[u8]) -> bool {
    PARAMETERS.iter().any(|known| known.as_bytes() == name)
}

/// The one `x-amz-date` header.
fn date_header(head: &Parts) -> Result<Option<&str>, Error> {
    let mut dates = head.headers.get_all("x-amz-date").iter();
    match (dates.next(), dates.next()) {
        (None, _) => Ok(None),
        (Some(date), None) => date.to_str().map(Some).map_err(|_| incomplete("X-Amz-Date header is not text.")),
        _ => Err(incomplete("A request must have one X-Amz-Date header.")),
    }
}

/// The session token of a request: from its header or its query.
///
/// Errors: [`Incomplete`](Error::Incomplete) when there are two.
pub fn session_token(head: &Parts) -> Result<Option<String>, Error> {
    let of_headers = head.headers.get_all("x-amz-security-token").iter().map(|value| value.as_bytes().to_vec());
    let of_query = canonical::parameters(head.uri.query().unwrap_or_default())
        .filter(|(name, _)| name == b"X-Amz-Security-Token")
        .map(|(_, value)| value);
    let mut tokens = of_headers.chain(of_query);
    match (tokens.next(), tokens.next()) {
        (None, _) => Ok(None),
        (Some(token), None) => {
            String::from_utf8(token).map(Some).map_err(|_| incomplete("X-Amz-Security-Token is not text."))
        }
        _ => Err(incomplete("A request must have one X-Amz-Security-Token.")),
    }
}

fn incomplete(text: &str) -> Error {
    Error::Incomplete(text.to_owned())
}

fn scope_error(text: String) -> Error {
    Error::Scope(text)
}

fn parse_time(text: &str) -> Option<Timestamp> {
    // The parser would take shorter numbers, too.
    let digits = text.bytes().enumerate().all(|(at, byte)| matches!(at, 8 | 15) || byte.is_ascii_digit());
    let time = DateTime::strptime(TIME_FORMAT, text).ok().filter(|_| digits && text.len() == 16)?;
    time.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp())
}

fn parse_expires(text: &str) -> Result<Duration, Error> {
    let seconds = text.parse().map(Duration::from_secs).ok();
    seconds
        .filter(|expires| !expires.is_zero() && *expires <= EXPIRES_MAX)
        .ok_or_else(|| incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800."))
}

fn show(time: Timestamp) -> String {
    time.strftime(TIME_FORMAT).to_string()
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}
