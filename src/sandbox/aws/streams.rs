//! Kinesis Data Streams and Amazon Data Firehose on loopback: `PutRecords` and `PutRecordBatch`.
//!
//! A stream whose name begins with one of these words steers the answer; any other exists and takes records:
//!
//! | Prefix | Answer |
//! |---|---|
//! | `throttle` | `ProvisionedThroughputExceededException` or, by Firehose, `ServiceUnavailableException` for the request |
//! | `missing` | `ResourceNotFoundException` |
//! | `denied` | `AccessDeniedException` |
//! | `invalid` | `ValidationException` that repeats the first record |
//! | `internal` | 500 `InternalFailure` |
//! | `gateway` | 504 without a code |
//! | `drop` | the records are taken, and the connection breaks without an answer |
//! | `garble` | the records are taken, and the answer cannot be read |
//! | `short` | the records are taken, and the answer is about one of them |
//! | `hang` | no answer, ever |
//!
//! In other streams a record with the text `refuse-always` is refused, and one with `refuse-once` at first sight; the rest of
//! its request is taken.

use std::collections::HashSet;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use aws_config::SdkConfig;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::http::request::Parts;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Refusal, Right, State, check_signature, reply, wait};
use crate::sandbox::server::{Cut, Handler, Reply, Server};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Source: API references of both services, `PutRecords` and `PutRecordBatch`.
const RECORDS_MAX: usize = 500;
const KEY_CHARS_MAX: usize = 256;

/// Which of the two it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Kinesis,
    Firehose,
}

/// A record that was taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Arrived {
    pub stream: String,
    /// Of Kinesis alone.
    pub partition_key: Option<String>,
    pub data: Vec<u8>,
}

/// One of the two services. It ends when this is dropped.
pub struct Streams {
    server: Server,
    kept: Arc<Kept>,
}

struct Kept {
    kind: Kind,
    state: State,
    arrived: Mutex<Vec<Arrived>>,
    refused: Mutex<HashSet<Vec<u8>>>,
}

impl Streams {
    /// Starts Kinesis on a free port.
    pub async fn kinesis() -> io::Result<Self> {
        Self::start(Kind::Kinesis).await
    }

    /// Starts Firehose on a free port.
    pub async fn firehose() -> io::Result<Self> {
        Self::start(Kind::Firehose).await
    }

    async fn start(kind: Kind) -> io::Result<Self> {
        let (state, arrived, refused) = (State::default(), Mutex::default(), Mutex::default());
        let kept = Arc::new(Kept { kind, state, arrived, refused });
        Ok(Self { server: Server::start(None, Arc::new(Front(kept.clone()))).await?, kept })
    }

    /// Its connections and requests.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// A configuration of the SDK that leads here, with credentials.
    pub fn sdk_config(&self) -> SdkConfig {
        super::sdk_config(&self.server.base_url())
    }

    /// An ARN that names this stream.
    pub fn arn(&self, stream: &str) -> String {
        match self.kept.kind {
            Kind::Kinesis => format!("arn:aws:kinesis:us-east-1:000000000000:stream/{stream}"),
            Kind::Firehose => format!("arn:aws:firehose:us-east-1:000000000000:deliverystream/{stream}"),
        }
    }

    /// Records that were taken, in their order.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.kept.arrived.lock().clone()
    }

    /// Requests that were refused.
    pub fn refusals(&self) -> u64 {
        self.kept.state.refusals.load(Relaxed)
    }

    /// Ends when a request that hangs has arrived.
    pub async fn hanging(&self) {
        self.kept.state.hanging.notified().await;
    }
}

struct Front(Arc<Kept>);

impl Handler for Front {
    const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;

    async fn answer(&self, head: Parts, body: Bytes) -> Result<Reply, Cut> {
        let reply = match self.0.route(&head, &body).await? {
            Ok(body) => reply(200, body, CONTENT_TYPE),
            Err(refusal) => refuse(&refusal),
        };
        self.0.state.count(&reply);
        Ok(reply)
    }
}

fn refuse(refusal: &Refusal) -> Reply {
    if refusal.code.is_empty() {
        return reply(refusal.status, "<html>the gateway gave up</html>", "text/html");
    }
    let body = json!({ "__type": refusal.code, "message": refusal.message }).to_string();
    wait(reply(refusal.status, body, CONTENT_TYPE), refusal.code)
}

/// The body of both operations. Source: API references of both services.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Put {
    stream_name: Option<String>,
    #[serde(rename = "StreamARN")]
    stream_arn: Option<String>,
    delivery_stream_name: Option<String>,
    records: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Entry {
    data: String,
    partition_key: Option<String>,
}

impl Kept {
    async fn route(&self, head: &Parts, body: &[u8]) -> Result<Result<Bytes, Refusal>, Cut> {
        let (service, operation) = match self.kind {
            Kind::Kinesis => ("kinesis", "Kinesis_20131202.PutRecords"),
            Kind::Firehose => ("firehose", "Firehose_20150804.PutRecordBatch"),
        };
        if let Err(refusal) = check_signature(head, service, Right::Send) {
            return Ok(Err(Refusal { status: 400, ..refusal }));
        }
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        if header("x-amz-target") != Some(operation) || header("content-type") != Some(CONTENT_TYPE) {
            return Ok(Err(Refusal::new(400, "UnknownOperationException", "")));
        }
        match self.read(body) {
            Ok((stream, records)) => self.put(&stream, records).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Errors: what the service would not take at all.
    fn read(&self, body: &[u8]) -> Result<(String, Vec<Arrived>), Refusal> {
        let invalid = |problem: &str| Refusal::new(400, "ValidationException", problem);
        let put: Put = serde_json::from_slice(body).map_err(|error| invalid(&error.to_string()))?;
        let stream = match (self.kind, put.stream_name, put.stream_arn, put.delivery_stream_name) {
            (Kind::Kinesis, Some(name), Some(arn), None) if arn.ends_with(&format!(":stream/{name}")) => name,
            (Kind::Kinesis, Some(name), None, None) => name,
            (Kind::Firehose, None, None, Some(name)) => name,
            _ => return Err(invalid("the stream is not named as it has to be")),
        };
        if !(1..=RECORDS_MAX).contains(&put.records.len()) {
            return Err(invalid("from 1 to 500 records"));
        }
        let (bytes_max, record_bytes_max) = match self.kind {
            Kind::Kinesis => (5 << 20, 1 << 20),
            Kind::Firehose => (4 << 20, 1000 << 10),
        };
        let mut records = Vec::with_capacity(put.records.len());
        let mut sum = 0;
        for Entry { data, partition_key } in put.records {
            let data = BASE64_STANDARD.decode(data).map_err(|_| invalid("Data is not base64"))?;
            let is_keyed = match &partition_key {
                Some(key) => self.kind == Kind::Kinesis && (1..=KEY_CHARS_MAX).contains(&key.chars().count()),
                None => self.kind == Kind::Firehose,
            };
            if !is_keyed {
                return Err(invalid("a partition key is where it must not be, or missing, or of a wrong length"));
            }
            let bytes = data.len() + partition_key.as_ref().map_or(0, String::len);
            sum += bytes;
            if bytes > record_bytes_max || sum > bytes_max {
                return Err(invalid("a record or the request is too large"));
            }
            records.push(Arrived { stream: stream.clone(), partition_key, data });
        }
        Ok((stream, records))
    }

    async fn put(&self, stream: &str, records: Vec<Arrived>) -> Result<Result<Bytes, Refusal>, Cut> {
        let steered = |prefix| stream.starts_with(prefix);
        let refuse = |status, code, message: &str| Ok(Err(Refusal::new(status, code, message)));
        if steered("throttle") {
            return match self.kind {
                Kind::Kinesis => refuse(400, "ProvisionedThroughputExceededException", "Rate exceeded for the stream."),
                Kind::Firehose => refuse(503, "ServiceUnavailableException", "Slow down."),
            };
        } else if steered("missing") {
            return refuse(400, "ResourceNotFoundException", "The stream was not found.");
        } else if steered("denied") {
            return refuse(400, "AccessDeniedException", "User is not authorized to perform this action.");
        } else if steered("invalid") {
            let quoted = String::from_utf8_lossy(&records[0].data).into_owned();
            return refuse(400, "ValidationException", &format!("Value '{quoted}' failed to satisfy constraint"));
        } else if steered("internal") {
            return refuse(500, "InternalFailure", "The request processing has failed.");
        } else if steered("gateway") {
            return refuse(504, "", "");
        } else if steered("hang") {
            self.state.hanging.notify_one();
            match std::future::pending::<Infallible>().await {}
        }
        let mut answers: Vec<_> = records.into_iter().map(|record| self.take(record)).collect();
        if steered("drop") {
            return Err(Cut);
        } else if steered("garble") {
            return Ok(Ok(Bytes::from_static(b"{\"FailedRecordCount\":")));
        } else if steered("short") {
            answers.truncate(1);
        }
        let failed = answers.iter().filter(|answer| answer.get("ErrorCode").is_some()).count();
        let answer = match self.kind {
            Kind::Kinesis => json!({ "FailedRecordCount": failed, "Records": answers }),
            Kind::Firehose => json!({ "FailedPutCount": failed, "RequestResponses": answers }),
        };
        Ok(Ok(answer.to_string().into()))
    }

    /// The answer about one record.
    fn take(&self, record: Arrived) -> Value {
        let says = |text: &str| memchr::memmem::find(&record.data, text.as_bytes()).is_some();
        if says("refuse-always") || says("refuse-once") && self.refused.lock().insert(record.data.clone()) {
            let code = match self.kind {
                Kind::Kinesis => "ProvisionedThroughputExceededException",
                Kind::Firehose => "ServiceUnavailableException",
            };
            return json!({ "ErrorCode": code, "ErrorMessage": "Slow down." });
        }
        let mut arrived = self.arrived.lock();
        let number = arrived.len();
        arrived.push(record);
        match self.kind {
            Kind::Kinesis => json!({ "SequenceNumber": number.to_string(), "ShardId": "shardId-000000000000" }),
            Kind::Firehose => json!({ "RecordId": format!("sandbox-{number}") }),
        }
    }
}
