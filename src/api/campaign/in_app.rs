//! Campaigns whose messages apps fetch: what is particular about writing one.

use super::write;
use crate::api::{Call, Error};
use crate::campaign::{Document, in_app};
use crate::domain::limit::IN_APP_CAMPAIGNS_MAX;
use crate::domain::{ApplicationId, CampaignId};
use crate::wire::generated::WriteCampaignRequest;

impl Call<'_> {
    /// Takes markup out of the in-app messages of a campaign, and tells the client.
    ///
    /// Errors: 400 for what cannot be meant, such as an address that runs a script.
    pub(super) fn clean_in_app(&self, id: &str, campaign: &mut WriteCampaignRequest) -> Result<(), Error> {
        let removals = in_app::clean(campaign)?;
        if !removals.is_empty() {
            let fields: Vec<_> = removals.iter().map(|removal| removal.field.as_str()).collect();
            tracing::info!(campaign.id = id, fields = fields.join(", "), "markup was removed from an in-app message");
        }
        removals.iter().for_each(|removal| self.warn(removal.to_string()));
        Ok(())
    }

    /// Checks a campaign whose templates are resolved, and warns of what clients will not do with it.
    pub(super) fn check_in_app(&self, id: &CampaignId, document: &Document, starts: &[usize]) -> Result<(), Error> {
        let notes = in_app::check(id.as_str(), document)?;
        let now = self.api.clock.now();
        let is_strict = self.api.config.campaign.strict_start;
        in_app::check_start(document, now, is_strict, starts).map_err(write::start_error)?;
        notes.into_iter().for_each(|note| self.warn(note));
        Ok(())
    }

    /// Whether the application has room for this campaign, if apps fetch its messages. To be asked by the one who writes, or two
    /// at once could take the last place.
    pub(super) async fn check_in_app_room(
        &self,
        application_id: &ApplicationId,
        id: &CampaignId,
        campaign: &WriteCampaignRequest,
    ) -> Result<(), Error> {
        if !in_app::is_in_app(campaign) {
            return Ok(());
        }
        let others = in_app::count(self.store(), application_id, id.as_str(), self.api.clock.now()).await?;
        if others >= IN_APP_CAMPAIGNS_MAX {
            let problem = format!("the application has {others} in-app campaigns, the limit is {IN_APP_CAMPAIGNS_MAX}");
            return Err(Error::bad_request(format!("Schedule.Frequency: {problem}")));
        }
        Ok(())
    }
}
