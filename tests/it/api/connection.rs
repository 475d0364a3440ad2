//! Connections and the clients behind them: those that leave, those that hold on, and those that a web page sent.

use std::time::Duration;

use hyper::Method;
use pinwheel::app::App;
use pinwheel::clock::{self, Clock, System};
use pinwheel::config::{Config, Sources};
use pinwheel::store::AttributeGroup;
use pinwheel::store::EndpointWrite;
use pinwheel::telemetry::Health;
use pinwheel::wire::endpoint_update;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::Api;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_heard_when_no_connection_is_free() {
    let directory = TempDir::new().unwrap();
    let data = format!("data.directory={}", directory.path().join("data").display());
    let flags = vec![data, "api.listen=127.0.0.1:0".to_owned(), "api.connections_max=1".to_owned()];
    let app = App::open(Config::load(Sources { flags, ..Sources::default() }).unwrap()).unwrap();
    let server = app.listen().await.unwrap();
    let address = server.address();
    let stop = CancellationToken::new();
    let scheduler = app.scheduler(Health::new(app.clock.clone(), PATIENCE));
    let serving = tokio::spawn(server.run(app.api(true, scheduler).unwrap(), stop.clone(), Duration::from_secs(1)));
    // Takes the only place: half a request.
    let mut held = TcpStream::connect(address).await.unwrap();
    held.write_all(b"GET /v1/apps HTTP/1.1\r\nhost: localhost\r\n\r\nGET").await.unwrap();
    let mut answer = [0; 12];
    held.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");

    stop.cancel();
    let ended = clock::timeout(&System::default(), PATIENCE, serving).await;
    ended.expect("the server ends").unwrap();
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_is_done_when_the_client_is_gone() {
    let api = Api::start().await;
    let store = &api.app.store;
    let update = endpoint_update::read(br#"{"Metrics":{"gone":1}}"#).unwrap().update;
    let writes = (0..10_000).map(|i| EndpointWrite { id: format!("e{i}"), update: update.clone() }).collect();
    store.upsert_endpoints(&api.application, writes, "2026-03-01T09:00:00.000Z".to_owned()).await.unwrap();

    let body = r#"{"Blacklist":["gone"]}"#;
    let path = api.path("/attributes/endpoint-metric-attributes");
    let head = format!("PUT {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut client = TcpStream::connect(api.client.address()).await.unwrap();
    client.write_all(head.as_bytes()).await.unwrap();
    let clock = System::default();
    clock.sleep(Duration::from_millis(50)).await;
    drop(client);

    while !store.attribute_names(&api.application, AttributeGroup::Metric).await.unwrap().is_empty() {
        assert!(clock.elapsed() < PATIENCE, "the removal was left half-way");
        clock.sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn pages_of_others_may_not_use_a_server_that_lets_everybody_in() {
    let api = Api::start().await;
    let send = |host: &'static str, origin: Option<&'static str>| {
        let (client, path) = (api.client.clone(), api.path(""));
        async move {
            let headers = [("host", Some(host)), ("origin", origin)];
            let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
            client.send_with(Method::GET, &path, "", headers).await.unwrap()
        }
    };
    let own = ["localhost:5000", "127.0.0.1", "[::1]:5000", "api.localhost", "192.168.0.7:80", "pinwheel:5000"];
    for host in own {
        assert_eq!(send(host, None).await.status, 200, "{host}");
    }
    for origin in ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:8080", "capacitor://localhost"] {
        assert_eq!(send("localhost:5000", Some(origin)).await.status, 200, "{origin}");
    }
    // A name that somebody else made point here.
    let refused = send("evil.example:5000", None).await;
    assert!(refused.refusal(403).contains("evil.example"), "{refused:?}");
    // A page that somebody else's server sent to the browser.
    for origin in ["https://evil.example", "http://93.184.216.34", "null", "http://localhost.evil.example"] {
        let refused = send("localhost:5000", Some(origin)).await;
        assert!(refused.refusal(403).contains(origin), "{refused:?}");
    }
    // What the page sent changed nothing.
    let refused = api.client.send_with(
        Method::POST,
        "/v1/apps",
        json!({"Name": "x"}).to_string(),
        [("origin", "https://evil.example")],
    );
    refused.await.unwrap().refusal(403);
    assert_eq!(api.app.store.applications().await.unwrap().len(), 1);
}
