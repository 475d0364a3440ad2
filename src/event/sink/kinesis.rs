//! Records to Kinesis Data Streams by `PutRecords`.

use std::borrow::Cow;

use aws_config::SdkConfig;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use xxhash_rust::xxh3::xxh3_128;

use super::Record;
use super::aws::{AwsSink, Limits, Service, Stream, reason};

/// Characters of a partition key. Source: Kinesis API reference, `PutRecordsRequestEntry`.
const KEY_CHARS_MAX: usize = 256;

/// A sink of this type.
pub type Kinesis = AwsSink<Streams>;

/// Kinesis Data Streams.
pub struct Streams;

impl Service for Streams {
    type Client = Client;

    /// Data and partition keys count. Source: Kinesis API reference, `PutRecords`; 1 MiB is what every stream takes.
    const LIMITS: Limits = Limits { records_max: 500, bytes_max: 5 * 1024 * 1024, record_bytes_max: 1024 * 1024 };
    const ARN: (&'static str, &'static str) = ("kinesis", "stream/");

    fn client(config: &SdkConfig) -> Client {
        Client::new(config)
    }

    fn bytes(record: &Record) -> usize {
        record.json.len() + partition_key(record).len()
    }

    async fn put(client: &Client, stream: &Stream<'_>, records: &[&Record]) -> Result<Vec<Option<String>>, String> {
        let entries = records.iter().map(|record| {
            PutRecordsRequestEntry::builder()
                .data(Blob::new(record.json.as_ref()))
                .partition_key(partition_key(record))
                .build()
                .expect("data and key are set")
        });
        // The ARN reaches streams of other accounts; the name is for whoever speaks an older version of the protocol.
        let put = client.put_records().stream_arn(stream.arn).stream_name(stream.name);
        let answer = put.set_records(Some(entries.collect())).send().await.map_err(|error| reason(&error))?;
        Ok(answer.records().iter().map(|record| record.error_code().map(str::to_owned)).collect())
    }
}

/// The record's own, as far as Kinesis takes it.
fn partition_key(record: &Record) -> Cow<'_, str> {
    match record.partition_key.as_str() {
        "" => Cow::Borrowed(&record.id),
        key if key.chars().nth(KEY_CHARS_MAX).is_some() => Cow::Owned(format!("{:032x}", xxh3_128(key.as_bytes()))),
        key => Cow::Borrowed(key),
    }
}

#[cfg(test)]
mod tests {
    use super::super::suite::record;
    use super::*;

    #[test]
    fn partition_keys_are_what_kinesis_takes() {
        let with = |key: &str| Record { partition_key: key.into(), ..record("x", 1) };
        let key = |key: &str| partition_key(&with(key)).into_owned();
        assert_eq!(key("endpoint"), "endpoint");
        assert_eq!(key(""), "x-1", "the record's id spreads them");
        let (long, longer) = ("ü".repeat(256), "ü".repeat(257));
        assert_eq!(key(&long), long);
        assert_eq!(key(&longer).len(), 32);
        assert_eq!(key(&longer), key(&longer), "the same endpoint, the same partition");
    }
}
