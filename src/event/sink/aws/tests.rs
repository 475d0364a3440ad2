use std::marker::PhantomData;

use super::super::firehose::DeliveryStreams;
use super::super::kinesis::Streams as DataStreams;
use super::super::suite::{self, Behaviour, IMPATIENT, OtherSide, PATIENT, deps, destination, json, record, records};
use super::*;
use crate::sandbox::aws::{Streams, keyless_config, sdk_config, stranger_config, url_of_nobody};

const KINESIS: (&str, &str) = DataStreams::ARN;
const FIREHOSE: (&str, &str) = DeliveryStreams::ARN;

fn sink<S: Service>(sdk: &SdkConfig, timeout: Duration) -> AwsSink<S> {
    let settings = config::AwsSink { destinations: Vec::new(), endpoint_url: String::new(), timeout };
    AwsSink::new("test", &settings, &deps(Aws::by_sdk_config(sdk))).unwrap()
}

/// A service and a sink for it.
struct Side<S: Service> {
    service: Streams,
    sink: Arc<AwsSink<S>>,
    kind: PhantomData<S>,
}

impl<S: Service> Side<S> {
    fn new(service: Streams) -> Self {
        let sink = Arc::new(sink(&service.sdk_config(), PATIENT));
        Self { service, sink, kind: PhantomData }
    }

    fn stream(&self, name: &str) -> Destination {
        destination("app", &self.service.arn(name))
    }
}

impl<S: Service> OtherSide for Side<S> {
    fn sink(&self) -> Arc<dyn Sink> {
        self.sink.clone()
    }

    fn impatient(&self) -> Arc<dyn Sink> {
        Arc::new(sink::<S>(&self.service.sdk_config(), IMPATIENT))
    }

    fn lost(&self) -> Arc<dyn Sink> {
        Arc::new(sink::<S>(&sdk_config(&url_of_nobody()), PATIENT))
    }

    fn to(&self, behaviour: Behaviour) -> Destination {
        self.stream(match behaviour {
            Behaviour::Take => "events",
            Behaviour::Refuse => "throttle",
            Behaviour::Hang => "hang",
        })
    }

    fn taken(&self) -> BoxFuture<'_, Vec<String>> {
        let text = |data: Vec<u8>| String::from_utf8(data).unwrap().trim_end_matches('\n').to_owned();
        let taken = self.service.arrived().into_iter().map(|record| text(record.data)).collect();
        Box::pin(async { taken })
    }

    fn record_bytes_max(&self) -> usize {
        S::LIMITS.record_bytes_max
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.service.hanging())
    }
}

async fn kinesis() -> Side<DataStreams> {
    Side::new(Streams::kinesis().await.unwrap())
}

async fn firehose() -> Side<DeliveryStreams> {
    Side::new(Streams::firehose().await.unwrap())
}

#[tokio::test]
async fn kinesis_passes_the_suite() {
    suite::run(&kinesis().await).await;
}

#[tokio::test]
async fn firehose_passes_the_suite() {
    suite::run(&firehose().await).await;
}

#[tokio::test]
async fn records_have_the_form_of_their_service() {
    let records = records("form", 0..2);
    let side = kinesis().await;
    side.sink.deliver(&side.stream("events"), &records).await.unwrap();
    let arrived = side.service.arrived();
    assert_eq!(arrived[1].partition_key.as_deref(), Some("endpoint-of-somebody-1"));
    assert_eq!(arrived[1].data, json(&records[1]).as_bytes(), "no line break: a record is a record");

    let side = firehose().await;
    side.sink.deliver(&side.stream("events"), &records).await.unwrap();
    let lines: Vec<_> = side.service.arrived().into_iter().flat_map(|record| record.data).collect();
    assert_eq!(String::from_utf8(lines).unwrap(), format!("{}\n{}\n", json(&records[0]), json(&records[1])));
}

/// A bunch whose records at these places carry this word.
fn steered(word: &str, places: &[usize], count: usize) -> Vec<Record> {
    let mut records = records("steered", 0..count);
    for &place in places {
        records[place].json = json(&record(word, place)).into();
    }
    records
}

async fn refused_records_become_places<S: Service>(side: Side<S>) {
    let to = side.stream("events");
    let records = steered("refuse-once", &[3, 7], 10);
    let refused = side.sink.deliver(&to, &records).await.unwrap_err();
    assert_eq!((refused.places.as_slice(), refused.is_permanent), ([3, 7].as_slice(), false));
    assert!(refused.error.starts_with("`events` did not take 2 of 10 records: "), "{refused}");
    let again = [records[3].clone(), records[7].clone()];
    side.sink.deliver(&to, &again).await.unwrap();
    assert_eq!(side.service.arrived().len(), 10, "each arrived once");

    // What would go out in later requests stays behind what failed.
    let before = side.service.arrived().len();
    let records = steered("refuse-always", &[499], 1200);
    let refused = side.sink.deliver(&to, &records).await.unwrap_err();
    assert_eq!(refused.places, (499..1200).collect::<Vec<_>>());
    assert_eq!(side.service.arrived().len() - before, 499);
}

#[tokio::test]
async fn records_that_kinesis_refuses_become_places() {
    refused_records_become_places(kinesis().await).await;
}

#[tokio::test]
async fn records_that_firehose_refuses_become_places() {
    refused_records_become_places(firehose().await).await;
}

async fn requests_keep_to_the_limits<S: Service>(side: Side<S>) {
    side.service.server().keep_requests();
    let mut records = records("limits", 0..1001);
    side.sink.deliver(&side.stream("events"), &records).await.unwrap();
    assert_eq!(side.service.server().requests().len(), 3, "500, 500 and 1");

    records.truncate(12);
    for record in &mut records {
        record.json = format!(r#"{{"filler":"{}"}}"#, "x".repeat(900_000)).into();
    }
    side.sink.deliver(&side.stream("events"), &records).await.unwrap();
    let requests = side.service.server().requests().len();
    assert_eq!(requests, 12usize.div_ceil(S::LIMITS.bytes_max / 900_100), "as many as fit");
    assert_eq!((side.service.arrived().len(), side.service.refusals()), (1013, 0));
}

#[tokio::test]
async fn requests_keep_to_the_limits_of_kinesis() {
    requests_keep_to_the_limits(kinesis().await).await;
}

#[tokio::test]
async fn requests_keep_to_the_limits_of_firehose() {
    requests_keep_to_the_limits(firehose().await).await;
}

async fn every_failure_of_a_request_may_pass<S: Service>(side: Side<S>) {
    let records = records("failure", 0..3);
    for (stream, expected) in [
        ("throttle", "Exception"),
        ("missing", "ResourceNotFoundException: The stream was not found."),
        ("denied", "AccessDeniedException: User is not authorized"),
        ("invalid", "400 ValidationException"),
        ("internal", "500 InternalFailure"),
        ("gateway", "status 504"),
        ("drop", ""),
        ("garble", "status 200, and the answer cannot be read"),
        ("short", "about 1 records instead of 3"),
    ] {
        let refused = side.sink.deliver(&side.stream(stream), &records).await.unwrap_err();
        assert_eq!((refused.places.as_slice(), refused.is_permanent), ([0, 1, 2].as_slice(), false), "{stream}");
        assert!(refused.error.contains(expected) && refused.error.contains(stream), "{refused}");
        assert!(!refused.error.contains("somebody"), "{refused}");
    }
    side.sink.deliver(&side.stream("events"), &records).await.unwrap();
}

#[tokio::test]
async fn every_failure_of_a_request_to_kinesis_may_pass() {
    every_failure_of_a_request_may_pass(kinesis().await).await;
}

#[tokio::test]
async fn every_failure_of_a_request_to_firehose_may_pass() {
    every_failure_of_a_request_may_pass(firehose().await).await;
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let side = kinesis().await;
    let records = records("missing", 0..1);
    let url = side.service.server().base_url();
    let error = async |sdk: &SdkConfig| {
        let sink = sink::<DataStreams>(sdk, PATIENT);
        sink.deliver(&side.stream("events"), &records).await.unwrap_err().error
    };
    assert!(error(&keyless_config(&url)).await.contains("nowhere to take credentials from"));
    assert!(error(&stranger_config(&url)).await.contains("UnrecognizedClientException"));

    let firehose = destination("app", "arn:aws:firehose:us-east-1:000000000000:deliverystream/x");
    let refused = side.sink.deliver(&firehose, &records).await.unwrap_err();
    assert!(
        refused.error.contains("`arn:aws:kinesis:REGION:ACCOUNT:stream/NAME`") && !refused.is_permanent,
        "{refused}"
    );
}

#[tokio::test]
async fn a_sink_goes_to_its_own_url_first() {
    let side = kinesis().await;
    let deps = deps(Aws::by_sdk_config(&sdk_config(&url_of_nobody())));
    let with = |endpoint_url: String| {
        let settings = config::AwsSink { destinations: Vec::new(), endpoint_url, timeout: PATIENT };
        AwsSink::<DataStreams>::new("backup", &settings, &deps)
    };
    let sink = with(side.service.server().base_url()).unwrap();
    sink.deliver(&side.stream("events"), &records("url", 0..1)).await.unwrap();
    let wrong = with("localhost:4566".into()).err().unwrap().to_string();
    let rule = "`localhost:4566` must be an http or https URL, or empty";
    assert_eq!(wrong, format!("`event_stream.sinks.backup.endpoint_url`: {rule}"));
}

#[test]
fn streams_are_named_by_their_arns() {
    let arn = "arn:aws-cn:kinesis:cn-north-1:000000000000:stream/events";
    assert_eq!(Stream::of(arn, KINESIS), Some(Stream { arn, region: "cn-north-1", name: "events" }));
    let arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/events";
    assert_eq!(Stream::of(arn, FIREHOSE).unwrap().name, "events");
    for wrong in [
        "",
        "events",
        arn,
        "arn:aws:kinesis:us-east-1:000000000000",
        "arn:aws:kinesis::000000000000:stream/events",
        "arn:aws:kinesis:us-east-1:000000000000:stream/",
        "arn:aws:kinesis:us-east-1:000000000000:stream/events/consumer/x",
        "arn:aws:kinesis:us-east-1:000000000000:deliverystream/events",
    ] {
        assert_eq!(Stream::of(wrong, KINESIS), None, "{wrong}");
    }
}

#[test]
fn a_request_takes_what_fits() {
    let limits = Limits { records_max: 4, bytes_max: 100, record_bytes_max: 60 };
    for (sizes, expected) in
        [(&[][..], 0), (&[60], 1), (&[60, 40], 2), (&[60, 41], 1), (&[1; 9], 4), (&[50, 50, 1], 2), (&[60, 60, 1], 1)]
    {
        assert_eq!(request(limits, sizes.iter().copied()), expected, "{sizes:?}");
    }
}
