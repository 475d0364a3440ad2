//! aws-sdk-pinpoint: every operation's happy path, and its typed errors.

mod app;
mod audience;
mod campaign;
mod channel;
mod job;
mod journey;
mod message;
mod template;

use std::fmt::Debug;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_pinpoint::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider, retry::RetryConfig};
use aws_sdk_pinpoint::error::SdkError;
use aws_sdk_pinpoint::{Client, Config};
use pinwheel::clock::{Clock, System};
use pinwheel::wire::generated::Operation;

use crate::Played;
use crate::report::{Kind, Note};
use crate::server::{Access, Server};

/// An id as the server makes them, of nothing that is there.
const NOWHERE: &str = "ffffffffffffffffffffffffffffffff";
const ROLE: &str = "arn:aws:iam::123456789012:role/anything";

/// `shape!(CreateApplicationRequest { name: "x", tags: "a" => "b" })`: a shape of the SDK by its builder.
macro_rules! shape {
    ($name:ident { $($member:ident: $value:expr $(=> $second:expr)?),* $(,)? }) => {
        aws_sdk_pinpoint::types::$name::builder()$(.$member($value $(, $second)?))*.build()
    };
}

/// `happy!(run, get_app => application_response, application_id: id)`: a call that succeeds, and the body of its answer.
macro_rules! happy {
    ($run:expr, $operation:ident => $body:ident $(, $member:ident: $value:expr)* $(,)?) => {
        $run.happy(stringify!($operation), $run.client.$operation()$(.$member($value))*.send().await)
            .$body
            .expect("the answer has a body")
    };
    ($run:expr, $operation:ident $(, $member:ident: $value:expr)* $(,)?) => {
        $run.happy(stringify!($operation), $run.client.$operation()$(.$member($value))*.send().await)
    };
}

/// A call for something that is not there, which the SDK tells by its type.
macro_rules! missing {
    ($run:expr, $operation:ident $(, $member:ident: $value:expr)* $(,)?) => {
        let error = $run.refused(stringify!($operation), $run.client.$operation()$(.$member($value))*.send().await, 404);
        assert!(error.is_not_found_exception(), "{}: {error:?}", stringify!($operation));
        $run.note(stringify!($operation), $crate::report::Kind::Missing);
    };
}

/// A call with bad input, which the SDK tells by its type.
macro_rules! bad {
    ($run:expr, $operation:ident $(, $member:ident: $value:expr)* $(,)?) => {
        let error = $run.refused(stringify!($operation), $run.client.$operation()$(.$member($value))*.send().await, 400);
        assert!(error.is_bad_request_exception(), "{}: {error:?}", stringify!($operation));
        $run.note(stringify!($operation), $crate::report::Kind::Bad);
    };
}

pub(crate) use {bad, happy, missing, shape};

/// The SDK against one server.
pub struct Run {
    pub client: Client,
    /// Files that jobs may touch.
    pub files: PathBuf,
    notes: Mutex<Vec<Note>>,
}

impl Run {
    fn new(server: &Server) -> Arc<Self> {
        let credentials = Credentials::new(&server.key.id, &server.key.secret, None, None, "test");
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&server.url)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        Arc::new(Self { client: Client::from_conf(config), files: server.files(), notes: Mutex::default() })
    }

    /// The answer of a call that has to succeed.
    fn happy<O, E: Debug, R: Debug>(&self, call: &str, answer: Result<O, SdkError<E, R>>) -> O {
        let answer = answer.unwrap_or_else(|error| panic!("{call}: {error:?}"));
        self.note(call, Kind::Happy);
        answer
    }

    /// The error of a call that has to be refused.
    fn refused<O: Debug, E: Debug>(
        &self,
        call: &str,
        answer: Result<O, SdkError<E, aws_sdk_pinpoint::config::http::HttpResponse>>,
        status: u16,
    ) -> E {
        match answer {
            Err(SdkError::ServiceError(error)) if error.raw().status().as_u16() == status => error.into_err(),
            other => panic!("{call}: {other:?} where {status} is due"),
        }
    }

    fn note(&self, call: &str, kind: Kind) {
        // `send_otp_message` is SendOTPMessage.
        let plain = call.replace('_', "");
        let operation =
            Operation::ALL.into_iter().find(|operation| operation.name().eq_ignore_ascii_case(&plain)).unwrap();
        self.notes.lock().unwrap().push(Note {
            client: "sdk".to_owned(),
            operation: operation.name().to_owned(),
            kind,
        });
    }

    /// The id of a new application.
    async fn new_app(&self) -> String {
        let request = shape!(CreateApplicationRequest { name: "sdk" });
        happy!(self, create_app => application_response, create_application_request: request).id.unwrap()
    }

    /// The id of a new segment of everybody.
    async fn new_segment(&self, app: &str) -> String {
        let request = shape!(WriteSegmentRequest { name: "everybody" });
        let made =
            happy!(self, create_segment => segment_response, application_id: app, write_segment_request: request);
        made.id.unwrap()
    }
}

/// Asks until there is an answer.
async fn until<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    for _ in 0..200 {
        if let Some(found) = ask().await {
            return found;
        }
        System::default().sleep(Duration::from_millis(100)).await;
    }
    panic!("waited in vain: {what}")
}

/// The id of a new application.
pub async fn new_application(server: &Server) -> String {
    Run::new(server).new_app().await
}

/// Plays everything; a group that fails leaves the others alone.
pub fn play() -> Played {
    pinwheel::app::install_tls();
    let server = Server::start(Access::Keys);
    let run = Run::new(&server);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let complaints = runtime.block_on(async {
        let groups = [
            tokio::spawn(app::play(run.clone())),
            tokio::spawn(audience::play(run.clone())),
            tokio::spawn(job::play(run.clone())),
            tokio::spawn(template::play(run.clone())),
            tokio::spawn(channel::play(run.clone())),
            tokio::spawn(campaign::play(run.clone())),
            tokio::spawn(message::play(run.clone())),
            tokio::spawn(journey::play(run.clone())),
        ];
        let mut complaints = Vec::new();
        for group in groups {
            if let Err(failed) = group.await {
                let panic = failed.into_panic();
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                complaints.push(format!("sdk {}", text.unwrap_or_default()));
            }
        }
        complaints
    });
    let notes = run.notes.lock().unwrap().clone();
    (notes, complaints)
}
