//! Names of resources across services.

use crate::config;

/// The ARN of a resource, such as `apps/{id}/campaigns/{id}`.
///
/// Source: Pinpoint developer guide, "IAM policies", resource types.
pub fn of(aws: &config::Aws, resource: &str) -> String {
    format!("arn:aws:mobiletargeting:{}:{}:{resource}", aws.region, aws.account_id)
}

/// The resource part of an ARN of this service, whatever its region: clients sign for the region they like.
///
/// Errors: `None` for text that is no ARN of this service and account.
pub fn resource<'a>(aws: &config::Aws, arn: &'a str) -> Option<&'a str> {
    let mut parts = arn.splitn(6, ':');
    let named = ["arn", "aws", "mobiletargeting"].iter().all(|expected| parts.next() == Some(expected));
    let _region = parts.next()?;
    let account = parts.next()?;
    (named && account == aws.account_id).then(|| parts.next())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_read_back() {
        let aws = config::Config::load(config::Sources::default()).unwrap().aws;
        let arn = of(&aws, "apps/1/campaigns/2");
        assert_eq!(arn, "arn:aws:mobiletargeting:us-east-1:000000000000:apps/1/campaigns/2");
        assert_eq!(resource(&aws, &arn), Some("apps/1/campaigns/2"));
        assert_eq!(resource(&aws, "arn:aws:mobiletargeting:eu-west-1:000000000000:apps/1"), Some("apps/1"));
        for other in ["", "apps/1", "arn:aws:s3:::bucket", "arn:aws:mobiletargeting:us-east-1:111111111111:apps/1"] {
            assert_eq!(resource(&aws, other), None, "{other}");
        }
    }
}
