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
    let rest = url.strip_prefix(SCHEME).unwrap_or(url);
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_region(&aws.region);
    if !aws.s3_endpoint_url.is_empty() {
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, &aws.s3_endpoint_url);
    }
    let http = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint]
        .iter()
        .any(|key| builder.get_config_value(key).is_some_and(|url| url.starts_with("http://")));
    let store = builder.with_allow_http(http).build()?;
    Ok((Arc::new(store), Path::parse(key)?))
}
