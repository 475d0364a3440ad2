//! Who may do what with functions over the API.

use hyper::Method;
use pinwheel::api::auth::{Policy, issue};
use pinwheel::app::{self, App};
use pinwheel::config::{Config, Sources};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::{aws, create, zip_of};
use crate::client::{HttpClient, Serving};

/// A server with keys, and its settings' `api.functions`.
struct Guarded {
    app: App,
    serving: Serving,
    directory: TempDir,
}

impl Guarded {
    async fn start(setting: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let flags = vec![
            format!("data.directory={}", directory.path().join("data").display()),
            format!("api.functions={setting}"),
        ];
        let app = App::open(Config::load(Sources { flags, ..Sources::default() }).unwrap()).unwrap();
        let serving = Serving::verifying(&app).await;
        Self { app, serving, directory }
    }

    async fn key(&self, policy: Policy) -> (String, String) {
        let vault = app::open_vault(&self.app.config).unwrap();
        let keys = app::open_keys(&self.app.config, self.app.clock.clone()).unwrap();
        let issued = issue(&vault, policy, String::new(), self.app.clock.now()).unwrap();
        let key = (issued.key.id.clone(), issued.secret.expose_secret().to_owned());
        keys.put_key(issued.key).await.unwrap();
        // The server asks for changes four times a second.
        self.app.clock.sleep(std::time::Duration::from_secs(1)).await;
        key
    }

    /// What `aws lambda` complains about; `None` when all went well.
    async fn complaint(&self, (id, secret): &(String, String), arguments: &[&str]) -> Option<String> {
        let output = aws(self.serving.client.address(), (id, secret), arguments).await;
        (!output.status.success()).then(|| String::from_utf8(output.stderr).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_for_keys_of_administrators() {
    let server = Guarded::start("invoke").await;
    let administrator = server.key(Policy::Administrator).await;
    let user = server.key(Policy::Application(pinwheel::domain::ApplicationId::new("shop"))).await;
    assert_eq!(server.complaint(&administrator, &["list-functions"]).await, None);
    let denied = server.complaint(&user, &["list-functions"]).await.unwrap();
    assert!(denied.contains("AccessDeniedException") && denied.contains("lambda:ListFunctions"), "{denied}");
    let wrong = (administrator.0.clone(), "another".to_owned());
    let refused = server.complaint(&wrong, &["list-functions"]).await.unwrap();
    assert!(refused.contains("InvalidSignatureException"), "{refused}");
    let unsigned = server.serving.client.send(Method::GET, "/2015-03-31/functions", "").await.unwrap();
    assert_eq!((unsigned.status, unsigned.error_type.as_deref()), (403, Some("MissingAuthenticationTokenException")));

    // Code is not uploaded unless the settings say so.
    let zip = zip_of(server.directory.path(), "1");
    let create = create(&zip);
    let create: Vec<&str> = create.iter().map(String::as_str).collect();
    let denied = server.complaint(&administrator, &create).await.unwrap();
    assert!(denied.contains("AccessDeniedException") && denied.contains("`api.functions` is `invoke`"), "{denied}");
    let managed = Guarded::start("manage").await;
    let administrator = managed.key(Policy::Administrator).await;
    assert_eq!(managed.complaint(&administrator, &create).await, None);
    let off = Guarded::start("off").await;
    let administrator = off.key(Policy::Administrator).await;
    let denied = off.complaint(&administrator, &["list-functions"]).await.unwrap();
    assert!(denied.contains("`api.functions` is `off`"), "{denied}");
    // Who only knows a key's id does not get as far as a body.
    let date = off.app.clock.now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let claim = format!(
        "AWS4-HMAC-SHA256 Credential={}/{}/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature={}",
        administrator.0,
        &date[..8],
        "0".repeat(64)
    );
    let headers = [("authorization", claim.as_str()), ("x-amz-date", &date), ("expect", "100-continue")];
    let refused = off.serving.client.send_with(Method::POST, "/2015-03-31/functions", "x", headers).await.unwrap();
    let message = refused.body["Message"].as_str().unwrap();
    assert!(refused.status == 403 && message.contains("`api.functions` is `off`"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn web_pages_touch_no_function_of_a_server_without_keys() {
    let directory = TempDir::new().unwrap();
    let flags =
        vec![format!("data.directory={}", directory.path().join("data").display()), "api.functions=manage".to_owned()];
    let app = App::open(Config::load(Sources { flags, ..Sources::default() }).unwrap()).unwrap();
    let serving = Serving::start(&app).await;
    let http: &HttpClient = &serving.client;
    let functions = "/2015-03-31/functions";
    for (method, path, origin, expected) in [
        (Method::POST, functions.to_owned(), "http://evil.example", 403),
        // Not even one from this machine: whatever it shows may have come from anywhere.
        (Method::POST, functions.to_owned(), "http://localhost:3000", 403),
        (Method::POST, format!("{functions}/f/invocations"), "http://localhost:3000", 403),
        (Method::POST, format!("{functions}/f/policy"), "http://localhost:3000", 403),
        (Method::GET, functions.to_owned(), "http://localhost:3000", 403),
        (Method::OPTIONS, functions.to_owned(), "http://localhost:3000", 403),
        (Method::GET, "/pinwheel/v1/dead-letters".to_owned(), "http://localhost:3000", 403),
        (Method::OPTIONS, "/pinwheel/v1/dead-letters".to_owned(), "http://localhost:3000", 403),
        (Method::GET, "/v1/apps".to_owned(), "http://localhost:3000", 200),
        (Method::GET, functions.to_owned(), "http://evil.example", 403),
    ] {
        let answer = http.send_with(method.clone(), &path, "{}", [("origin", origin)]).await.unwrap();
        assert_eq!(answer.status, expected, "{method} {path} {origin}");
    }
    let rebound = http.send_with(Method::GET, functions, "", [("host", "evil.example")]).await.unwrap();
    assert_eq!(rebound.status, 403);
    let answer = http.send(Method::POST, &format!("{functions}/f/invocations"), "{}").await.unwrap();
    assert_eq!((answer.status, answer.error_type.as_deref()), (404, Some("ResourceNotFoundException")));
}
