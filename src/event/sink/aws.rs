//! What Kinesis and Firehose have in common: streams by ARN, requests within limits, and refusals of single records.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use aws_types::origin::Origin;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::{Deps, Destination, Error, Record, Refused, Sink};
use crate::clock::{self, Clock};
use crate::config;
use crate::http::{Aws, chain};

/// Codes of refusals whose message repeats parts of the request.
const QUOTING: &[&str] = &["InvalidArgumentException", "SerializationException", "ValidationException"];

/// What one request takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub records_max: usize,
    pub bytes_max: usize,
    pub record_bytes_max: usize,
}

/// A service that takes records.
pub(super) trait Service: Send + Sync + 'static {
    type Client: Clone + Send + Sync;
    const LIMITS: Limits;
    /// What the ARNs of its streams look like: the service, and what stands before the stream's name.
    const ARN: (&'static str, &'static str);

    fn client(config: &SdkConfig) -> Self::Client;

    /// How many bytes a record is counted as.
    fn bytes(record: &Record) -> usize;

    /// Hands records over in one request.
    ///
    /// Shape: for each record the code of its failure, if it failed. Errors: nothing was taken, as far as we know.
    fn put(
        client: &Self::Client,
        stream: &Stream<'_>,
        records: &[&Record],
    ) -> impl Future<Output = Result<Vec<Option<String>>, String>> + Send;
}

/// A stream, as its ARN names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stream<'a> {
    pub arn: &'a str,
    pub region: &'a str,
    pub name: &'a str,
}

impl<'a> Stream<'a> {
    /// The stream of this service that an ARN names; `None` if it names something else.
    fn of(arn: &'a str, (service, prefix): (&str, &str)) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let &["arn", _partition, found, region, _account, resource] = parts.as_slice() else { return None };
        let name = resource.strip_prefix(prefix)?;
        let is_one = found == service && !region.is_empty() && !name.is_empty() && !name.contains('/');
        is_one.then_some(Self { arn, region, name })
    }
}

/// A sink of this service.
pub struct AwsSink<S: Service> {
    name: String,
    aws: Arc<Aws>,
    endpoint_url: Option<String>,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    /// By region.
    clients: Mutex<HashMap<String, S::Client>>,
}

impl<S: Service> AwsSink<S> {
    /// Errors: settings that break a rule.
    pub fn new(name: &str, settings: &config::AwsSink, deps: &Deps) -> Result<Self, Error> {
        let config::AwsSink { endpoint_url, timeout, destinations: _ } = settings;
        let is_url = |text: &str| url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !endpoint_url.is_empty() && !is_url(endpoint_url) {
            let problem = format!("`{endpoint_url}` must be an http or https URL, or empty");
            return Err(Error::Setting { sink: name.to_owned(), key: "endpoint_url", problem });
        }
        Ok(Self {
            name: name.to_owned(),
            aws: Arc::clone(&deps.aws),
            endpoint_url: (!endpoint_url.is_empty()).then(|| endpoint_url.clone()),
            timeout: *timeout,
            clock: Arc::clone(&deps.clock),
            clients: Mutex::default(),
        })
    }

    async fn client(&self, region: &str) -> Result<S::Client, String> {
        if let Some(client) = self.clients.lock().get(region) {
            return Ok(client.clone());
        }
        let mut config = self.aws.config().await.to_builder().region(Region::new(region.to_owned()));
        if let Some(url) = &self.endpoint_url {
            config = config.endpoint_url(url);
            // So that it goes before what the environment says of this service.
            config.insert_origin("endpoint_url", Origin::shared_config());
        }
        let config = config.build();
        if config.credentials_provider().is_none() {
            return Err("there is nowhere to take credentials from".into());
        }
        Ok(self.clients.lock().entry(region.to_owned()).or_insert_with(|| S::client(&config)).clone())
    }

    async fn deliver_all(&self, to: &Destination, records: &[Record]) -> Result<(), Refused> {
        let Some(stream) = Stream::of(&to.arn, S::ARN) else {
            let (service, prefix) = S::ARN;
            let wanted = format!("arn:aws:{service}:REGION:ACCOUNT:{prefix}NAME");
            let error = format!("`DestinationStreamArn` is `{}`, but this sink needs one such as `{wanted}`", to.arn);
            return Err(Refused::all(records.len(), error));
        };
        let (too_large, fitting): (Vec<_>, Vec<_>) =
            (0..records.len()).partition(|&place| S::bytes(&records[place]) > S::LIMITS.record_bytes_max);
        let mut rest = &*fitting;
        while !rest.is_empty() {
            let (places, later) =
                rest.split_at(request(S::LIMITS, rest.iter().map(|&place| S::bytes(&records[place]))));
            let (failed, error) = match self.put(&stream, records, places).await {
                Ok(codes) if codes.iter().all(Option::is_none) => {
                    rest = later;
                    continue;
                }
                Ok(codes) => {
                    let failed: Vec<_> =
                        places.iter().zip(&codes).filter_map(|(place, code)| code.as_ref().map(|_| *place)).collect();
                    let why = codes.into_iter().flatten().next().unwrap_or_default();
                    let error =
                        format!("`{}` did not take {} of {} records: {why}", stream.name, failed.len(), places.len());
                    (failed, error)
                }
                Err(error) => (places.to_vec(), format!("`{}` took nothing: {error}", stream.name)),
            };
            // What comes later is not sent: it would overtake what failed. What is too large is found out again.
            let mut places: Vec<_> = failed.into_iter().chain(later.iter().copied()).chain(too_large).collect();
            places.sort_unstable();
            return Err(Refused { places, error, is_permanent: false });
        }
        if too_large.is_empty() {
            return Ok(());
        }
        let error = format!("a record has more than {} bytes", S::LIMITS.record_bytes_max);
        Err(Refused { places: too_large, error, is_permanent: true })
    }

    async fn put(
        &self,
        stream: &Stream<'_>,
        records: &[Record],
        places: &[usize],
    ) -> Result<Vec<Option<String>>, String> {
        let put = async {
            let client = self.client(stream.region).await?;
            let records: Vec<_> = places.iter().map(|&place| &records[place]).collect();
            let codes = S::put(&client, stream, &records).await?;
            if codes.len() == places.len() {
                Ok(codes)
            } else {
                Err(format!("the answer is about {} records instead of {}", codes.len(), places.len()))
            }
        };
        let answer = clock::timeout(&*self.clock, self.timeout, put).await;
        answer.unwrap_or_else(|| Err(format!("no answer within {:?}", self.timeout)))
    }
}

impl<S: Service> Sink for AwsSink<S> {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver<'a>(&'a self, to: &'a Destination, records: &'a [Record]) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(self.deliver_all(to, records))
    }
}

/// How many records of these sizes one request takes.
fn request(limits: Limits, sizes: impl Iterator<Item = usize>) -> usize {
    let sums = sizes.scan(0, |sum, bytes| {
        *sum += bytes;
        Some(*sum)
    });
    sums.take(limits.records_max).take_while(|sum| *sum <= limits.bytes_max).count()
}

/// Why a request failed, without what was in it.
pub(super) fn reason<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let answer = match error {
        SdkError::ServiceError(answer) => answer,
        SdkError::ResponseError(answer) => {
            return format!("status {}, and the answer cannot be read", answer.raw().status().as_u16());
        }
        _ => return chain(error),
    };
    let status = answer.raw().status().as_u16();
    match (answer.err().code(), answer.err().message()) {
        (Some(code), Some(message)) if !QUOTING.contains(&code) => format!("{status} {code}: {message}"),
        (Some(code), _) => format!("{status} {code}"),
        (None, _) => format!("status {status}"),
    }
}

#[cfg(test)]
mod tests;
