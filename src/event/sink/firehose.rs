//! Records to Amazon Data Firehose by `PutRecordBatch`.

use aws_config::SdkConfig;
use aws_sdk_firehose::Client;
use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::Record as Entry;

use super::Record;
use super::aws::{AwsSink, Limits, Service, Stream, reason};

/// A sink of this type.
pub type Firehose = AwsSink<DeliveryStreams>;

/// Amazon Data Firehose.
pub struct DeliveryStreams;

impl Service for DeliveryStreams {
    type Client = Client;

    /// Source: Firehose API reference, `PutRecordBatch`.
    const LIMITS: Limits = Limits { records_max: 500, bytes_max: 4 * 1024 * 1024, record_bytes_max: 1000 * 1024 };
    const ARN: (&'static str, &'static str) = ("firehose", "deliverystream/");

    fn client(config: &SdkConfig) -> Client {
        Client::new(config)
    }

    fn bytes(record: &Record) -> usize {
        record.json.len() + 1
    }

    async fn put(client: &Client, stream: &Stream<'_>, records: &[&Record]) -> Result<Vec<Option<String>>, String> {
        let entries = records.iter().map(|record| {
            // Firehose writes records one right after the other.
            let line = [record.json.as_ref(), b"\n"].concat();
            Entry::builder().data(Blob::new(line)).build().expect("data is set")
        });
        let put = client.put_record_batch().delivery_stream_name(stream.name);
        let answer = put.set_records(Some(entries.collect())).send().await.map_err(|error| reason(&error))?;
        Ok(answer.request_responses().iter().map(|record| record.error_code().map(str::to_owned)).collect())
    }
}
