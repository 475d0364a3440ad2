//! What adapters for services of AWS have in common: where a service is, its client, and what its refusals mean.

use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_types::origin::Origin;
use hyper::{StatusCode, Uri};
use tokio::sync::OnceCell;

use super::{Error, Outcome, reason};
use crate::http::{Aws, chain, may_have_arrived};

/// Codes by which services ask to slow down; the status alone does not always say it.
///
/// Source: AWS SDKs and tools reference guide, "Retry behavior".
const THROTTLING: &[&str] = &[
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Codes of credentials that are unknown, wrong, expired or not allowed to do this; services that speak JSON alone give
/// them the status 400. Source: AWS API references, "Common errors".
const CREDENTIALS: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "SubscriptionRequiredException",
    "UnrecognizedClientException",
];

/// Where a service is, for what a channel's settings leave to the rest of the settings and the SDK.
#[derive(Debug)]
pub(super) struct Place {
    channel: &'static str,
    region: Option<Region>,
    endpoint_url: Option<String>,
}

impl Place {
    /// Errors: a text that is no URL.
    pub fn new(channel: &'static str, region: Option<String>, endpoint_url: Option<String>) -> Result<Self, Error> {
        if let Some(url) = &endpoint_url
            && !url.parse::<Uri>().is_ok_and(|url| matches!(url.scheme_str(), Some("http" | "https")))
        {
            let problem = format!("`endpoint_url` is `{url}`, which is not an http or https URL");
            return Err(Error::Settings { channel, problem });
        }
        Ok(Self { channel, region: region.map(Region::new), endpoint_url })
    }
}

/// A service, whose client is made at the first call.
pub(super) struct Service<C> {
    aws: Arc<Aws>,
    place: Place,
    connect: fn(&SdkConfig) -> C,
    client: OnceCell<C>,
}

impl<C> Service<C> {
    /// `connect` makes the client.
    pub fn new(aws: Arc<Aws>, place: Place, connect: fn(&SdkConfig) -> C) -> Self {
        Self { aws, place, connect, client: OnceCell::new() }
    }

    /// Errors: what every call needs and nobody has set.
    pub async fn client(&self) -> Result<&C, Error> {
        self.client.get_or_try_init(|| async { Ok((self.connect)(&self.config().await?)) }).await
    }

    async fn config(&self) -> Result<SdkConfig, Error> {
        let Place { channel, region, endpoint_url } = &self.place;
        let mut config = self.aws.config().await.to_builder();
        if let Some(region) = region {
            config = config.region(region.clone());
        }
        if let Some(url) = endpoint_url {
            config = config.endpoint_url(url);
            // So that it goes before what the environment says of this service.
            config.insert_origin("endpoint_url", Origin::shared_config());
        }
        let config = config.build();
        let missing = |problem: &str| Err(Error::Check { channel, problem: problem.into() });
        if config.region().is_none() {
            return missing("no region is set: it is the section's `region`, `aws.region` or `AWS_REGION`");
        }
        if config.credentials_provider().is_none() {
            return missing("there is nowhere to take credentials from");
        }
        Ok(config)
    }
}

/// A refusal, as far as all services agree on it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: String,
    message: String,
    retry_after: Option<Duration>,
}

impl Refusal {
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What the service said.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Why, for people.
    pub fn reason(&self) -> String {
        let known = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let code = if self.code.is_empty() { known.unwrap_or("unknown status") } else { &self.code };
        reason::tidy(&format!("{} {code}: {}", self.status, self.message)).trim_end_matches(':').to_owned()
    }

    /// That our settings or credentials are wrong.
    pub fn misconfigured(&self) -> Outcome {
        Outcome::Misconfigured { reason: self.reason() }
    }

    /// That the service will never send this message.
    pub fn permanent(&self) -> Outcome {
        Outcome::PermanentFailure { reason: self.reason() }
    }

    /// That the service took nothing, and may take it later.
    pub fn throttled(&self) -> Outcome {
        Outcome::Throttled { reason: self.reason(), retry_after: self.retry_after }
    }

    /// That the service may have taken the message.
    pub fn unknown(&self) -> Outcome {
        Outcome::Unknown { reason: self.reason() }
    }

    /// What it means at any service.
    fn outcome(&self) -> Outcome {
        match (self.status, &*self.code) {
            // It was taken, and the answer cannot be read.
            (200..=299, _) => self.unknown(),
            (429, _) => self.throttled(),
            (_, code) if THROTTLING.contains(&code) => self.throttled(),
            (401 | 403, _) => self.misconfigured(),
            (_, code) if CREDENTIALS.contains(&code) => self.misconfigured(),
            // Nothing of AWS answers so without a code of its own: the URL leads elsewhere.
            (300..=399 | 404 | 405, _) => self.misconfigured(),
            // A gateway gave up waiting for the service; or something in between failed, since the service names a code:
            // the message may have been taken.
            (504, _) | (500..=599, "") => self.unknown(),
            (408 | 500..=599, _) => Outcome::TemporaryFailure { reason: self.reason(), retry_after: self.retry_after },
            _ => self.permanent(),
        }
    }
}

/// What became of a message whose call failed. `refused` says what refusals of this service mean, where they mean more
/// than at any other.
pub(super) fn outcome<E>(error: SdkError<E>, refused: impl FnOnce(E, &Refusal) -> Option<Outcome>) -> Outcome
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let reason = reason::tidy(&chain(&error));
    match error {
        SdkError::ServiceError(answer) => {
            let (status, headers) = (answer.raw().status().as_u16(), answer.raw().headers());
            let retry_after = headers.get("retry-after").and_then(|value| value.parse().ok()).map(Duration::from_secs);
            let error = answer.into_err();
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let refusal = Refusal { status, code: text(error.code()), message: text(error.message()), retry_after };
            refused(error, &refusal).unwrap_or_else(|| refusal.outcome())
        }
        // The message does not make a request.
        SdkError::ConstructionFailure(_) => Outcome::PermanentFailure { reason },
        // Time is ours to measure, so that this is a connection that could not be made.
        SdkError::TimeoutError(_) => Outcome::TemporaryFailure { reason, retry_after: None },
        SdkError::DispatchFailure(_) if may_have_arrived(&error) => Outcome::Unknown { reason },
        SdkError::DispatchFailure(_) if lacks_credentials(&error) => Outcome::Misconfigured { reason },
        // No connection; or no credentials from a service that fails for a moment.
        SdkError::DispatchFailure(_) => Outcome::TemporaryFailure { reason, retry_after: None },
        _ => Outcome::Unknown { reason },
    }
}

/// Whether there are no credentials, or the way to them is set up wrong: it will be the same for every message.
fn lacks_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    use CredentialsError::{CredentialsNotLoaded, InvalidConfiguration};
    let failed = successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref());
    matches!(failed, Some(CredentialsNotLoaded(_) | InvalidConfiguration(_)))
}

/// Whether the service knows our credentials, by what became of a question that sends nothing. Credentials that may send
/// and not ask are good ones.
///
/// Errors: why no message would leave.
pub(super) fn check<T, E>(channel: &'static str, answer: Result<T, SdkError<E>>) -> Result<Option<T>, Error>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if matches!(error.code(), Some("AccessDenied" | "AccessDeniedException")) => Ok(None),
        Err(error) => {
            let outcome = outcome(error, |_, _| None);
            let problem = outcome.reason().unwrap_or_default().to_owned();
            Err(Error::Check { channel, problem })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_that_all_services_know_have_their_outcomes() {
        use Outcome::{Misconfigured, PermanentFailure, TemporaryFailure, Throttled, Unknown};
        let cases: &[(u16, &str, fn(&Outcome) -> bool)] = &[
            (400, "ThrottlingException", |outcome| matches!(outcome, Throttled { .. })),
            (503, "SlowDown", |outcome| matches!(outcome, Throttled { .. })),
            (429, "", |outcome| matches!(outcome, Throttled { .. })),
            (400, "AccessDeniedException", |outcome| matches!(outcome, Misconfigured { .. })),
            (400, "UnrecognizedClientException", |outcome| matches!(outcome, Misconfigured { .. })),
            (400, "ExpiredTokenException", |outcome| matches!(outcome, Misconfigured { .. })),
            (403, "", |outcome| matches!(outcome, Misconfigured { .. })),
            (404, "", |outcome| matches!(outcome, Misconfigured { .. })),
            (405, "", |outcome| matches!(outcome, Misconfigured { .. })),
            (302, "", |outcome| matches!(outcome, Misconfigured { .. })),
            (500, "InternalFailure", |outcome| matches!(outcome, TemporaryFailure { .. })),
            (500, "", |outcome| matches!(outcome, Unknown { .. })),
            (502, "", |outcome| matches!(outcome, Unknown { .. })),
            (503, "", |outcome| matches!(outcome, Unknown { .. })),
            (503, "ServiceUnavailable", |outcome| matches!(outcome, TemporaryFailure { .. })),
            (504, "", |outcome| matches!(outcome, Unknown { .. })),
            (200, "", |outcome| matches!(outcome, Unknown { .. })),
            (400, "ValidationException", |outcome| matches!(outcome, PermanentFailure { .. })),
            (413, "", |outcome| matches!(outcome, PermanentFailure { .. })),
        ];
        for (status, code, is_expected) in cases {
            let retry_after = Some(Duration::from_secs(3));
            let refusal = Refusal { status: *status, code: (*code).into(), message: "because".into(), retry_after };
            let outcome = refusal.outcome();
            assert!(is_expected(&outcome), "{status} {code}: {outcome:?}");
            assert!(outcome.reason().unwrap().contains("because"));
            assert_eq!(outcome.retry_after().is_some(), outcome.is_retryable(), "{outcome:?}");
        }
    }

    #[test]
    fn a_reason_names_status_and_code() {
        let reason = |status, code: &str, message: &str| {
            Refusal { status, code: code.into(), message: message.into(), retry_after: None }.reason()
        };
        assert_eq!(reason(400, "MessageRejected", "Illegal\ncontent."), "400 MessageRejected: Illegal content.");
        assert_eq!(reason(502, "", ""), "502 Bad Gateway");
    }

    #[test]
    fn a_service_is_at_a_url() {
        let place = |url: &str| Place::new("test", Some("eu-west-1".into()), Some(url.into()));
        assert!(place("https://email.eu-west-1.amazonaws.com").is_ok());
        for wrong in ["localhost", "ftp://localhost", ""] {
            let problem = place(wrong).unwrap_err().to_string();
            assert_eq!(
                problem,
                format!("channel `test`: `endpoint_url` is `{wrong}`, which is not an http or https URL")
            );
        }
    }
}
