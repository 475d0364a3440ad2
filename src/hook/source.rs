//! On whose behalf a function is called.

use crate::config;
use crate::domain::{ApplicationId, CampaignId};

/// The resource that calls a function, as the function's resource policy sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// Such as `arn:aws:mobiletargeting:us-east-1:123456789012:apps/{id}/campaigns/{id}`.
    pub arn: String,
    /// The account that owns it: twelve digits.
    pub account_id: String,
}

impl Source {
    /// A campaign.
    ///
    /// Source: Pinpoint developer guide, "Customizing segments with AWS Lambda", the function policy.
    pub fn campaign(aws: &config::Aws, application_id: &ApplicationId, campaign_id: &CampaignId) -> Self {
        let config::Aws { region, account_id, .. } = aws;
        Self {
            arn: format!("arn:aws:mobiletargeting:{region}:{account_id}:apps/{application_id}/campaigns/{campaign_id}"),
            account_id: account_id.clone(),
        }
    }
}
