//! S3, for imports and exports.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;

use crate::config::Aws;

/// What the names of S3 objects begin with.
pub(super) const SCHEME: &str = "s3://";

/// Opens the bucket of `s3://bucket/key`; gives the key, too.
///
/// Credentials come from the usual `AWS_*` variables. An endpoint may be plain http.
pub(super) fn open(url: &str, aws: &Aws) -> Result<(Arc<dyn ObjectStore>, Path), object_store::Error> {
    connect(AmazonS3Builder::from_env(), url, aws)
}

fn connect(from: AmazonS3Builder, url: &str, aws: &Aws) -> Result<(Arc<dyn ObjectStore>, Path), object_store::Error> {
    let rest = url.strip_prefix(SCHEME).unwrap_or(url);
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    let mut builder = from.with_bucket_name(bucket).with_region(&aws.region);
    if !aws.s3_endpoint_url.is_empty() {
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, &aws.s3_endpoint_url);
    }
    let http = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint]
        .iter()
        .any(|key| builder.get_config_value(key).is_some_and(|url| url.starts_with("http://")));
    let store = builder.with_allow_http(http).build()?;
    Ok((Arc::new(store), Path::parse(key)?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use axum::Router;
    use axum::body::Bytes;
    use axum::extract::{Request, State};
    use axum::http::{Method, StatusCode, header};
    use axum::response::{IntoResponse, Response};
    use parking_lot::Mutex;

    use super::*;
    use crate::clock;
    use crate::domain::ApplicationId;
    use crate::segment::export::{self, Destination};
    use crate::segment::fake::Fake;
    use crate::segment::import::{self, Source};

    type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

    const DATE: &str = "Sun, 01 Mar 2026 09:00:00 GMT";

    /// As much of S3 as imports and exports use: one bucket, addressed by path.
    async fn serve(State(objects): State<Objects>, request: Request) -> Response {
        let signed = request.headers().get(header::AUTHORIZATION);
        if !signed.is_some_and(|signature| signature.to_str().unwrap().contains("/eu-west-1/s3/aws4_request")) {
            return StatusCode::FORBIDDEN.into_response();
        }
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let key = uri.path().trim_start_matches("/bucket").trim_start_matches('/').to_owned();
        if method == Method::PUT {
            let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
            objects.lock().insert(key, body);
            return [(header::ETAG, "\"1\"")].into_response();
        }
        if key.is_empty() {
            let prefix = "in/";
            assert!(uri.query().unwrap().contains("prefix=in%2F"), "{uri}");
            let contents: String = objects
                .lock()
                .iter()
                .filter(|(key, _)| key.starts_with(prefix))
                .map(|(key, body)| {
                    let size = body.len();
                    let date = "2026-03-01T09:00:00.000Z";
                    format!("<Contents><Key>{key}</Key><LastModified>{date}</LastModified><ETag>1</ETag><Size>{size}</Size></Contents>")
                })
                .collect();
            return format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
                .into_response();
        }
        match objects.lock().get(&key) {
            Some(body) => ([(header::ETAG, "\"1\""), (header::LAST_MODIFIED, DATE)], body.clone()).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn objects_come_from_s3_and_go_there() {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let objects = Objects::default();
        objects.lock().insert("in/1.json".into(), Bytes::from_static(b"{\"Id\":\"a\"}\n"));
        objects.lock().insert("in/deep/2.csv".into(), Bytes::from_static(b"Id\nb\n"));
        objects.lock().insert("other/3.csv".into(), Bytes::from_static(b"Id\nc\n"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(serve).with_state(objects.clone());
        let server = tokio::spawn(axum::serve(listener, router).into_future());

        let aws = Aws {
            region: "eu-west-1".into(),
            account_id: String::new(),
            lambda_endpoint_url: String::new(),
            s3_endpoint_url: format!("http://{address}"),
        };
        let open = |url: &str| {
            let credentials = AmazonS3Builder::new().with_access_key_id("id").with_secret_access_key("secret");
            connect(credentials, url, &aws).unwrap()
        };
        let endpoints = Fake::default();
        let application = ApplicationId::new("app");
        for (url, imported) in [("s3://bucket/in", 2), ("s3://bucket/other/3.csv", 1)] {
            let (store, key) = open(url);
            let source = Source::Remote { store, key, url: url.to_owned() };
            let options = import::Options::default();
            let clock = clock::System::default();
            let summary = import::run(&endpoints, &clock, &application, &source, &options, &|_| ()).await.unwrap();
            assert_eq!(summary.imported, imported, "{url}");
        }

        let (store, prefix) = open("s3://bucket/out");
        let destination = Destination::Remote { store, prefix };
        let options = export::Options::default();
        let now = "2026-03-01T09:00:00Z".parse().unwrap();
        let summary = export::run(&endpoints, &application, destination, &options, now, &|_| ()).await.unwrap();
        assert_eq!(summary.files, ["out/00000.json"]);
        let written = objects.lock()["out/00000.json"].clone();
        assert_eq!(written.iter().filter(|byte| **byte == b'\n').count(), 3);
        server.abort();
    }
}
