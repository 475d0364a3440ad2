//! Campaigns whose messages are fetched by apps: those with the frequency `IN_APP_EVENT`.
//!
//! They have no runs, activities or fates. From start to end their messages are handed to whoever asks and is in the
//! segment. The campaigns of an application are read and compiled once and kept for a minute, or until somebody who changes
//! one of them, or what it is made of, says so.

mod board;
mod definition;

pub use board::Boards;
pub use definition::{check, check_start, clean, count, is_in_app};

use crate::domain::{ApplicationId, Cohort};
use crate::inapp::{Shown, offer};
use crate::store::{EndpointPage, EndpointRef};
use crate::wire;
use crate::wire::endpoint::Head;
use crate::wire::generated::InAppMessageCampaign;

use super::Error;
use super::engine::Engine;
use crate::domain::ChannelType;

impl Engine {
    /// The messages that an endpoint may show now, in the order in which clients choose among them.
    ///
    /// Shape: `page` has the endpoint alone. Source: API reference, in-app messages; what is left open there is our choice.
    pub async fn in_app_messages(
        &self,
        application_id: &ApplicationId,
        page: &EndpointPage,
    ) -> Result<Vec<InAppMessageCampaign>, Error> {
        let mut messages = self.offers(application_id, page).await?;
        if messages.is_empty() && self.config.in_app.withdraw {
            messages.push(offer::withdrawal());
        }
        Ok(messages)
    }

    async fn offers(
        &self,
        application_id: &ApplicationId,
        page: &EndpointPage,
    ) -> Result<Vec<InAppMessageCampaign>, Error> {
        let endpoint = page.get(0);
        let head = Head::read(endpoint.document).map_err(|source| damaged(endpoint, source))?;
        if head.channel_type() != Some(ChannelType::InApp) || !head.is_active() || head.is_opted_out() {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let board = self.boards.of(&*self.store, application_id, now).await?;
        let cohort = Cohort::of(application_id.as_str(), endpoint.id);
        let zone = head.timezone().and_then(super::schedule::zone);
        let mut offers = Vec::new();
        for campaign in board.campaigns() {
            let offer = campaign.offer(cohort, zone.as_ref(), now);
            if let Some(offer) = offer
                && !campaign.segment.among(page)?.is_empty()
            {
                offers.push(offer);
            }
        }
        let is_capped = offers.iter().any(|offer| offer.caps.is_limit());
        if !is_capped || !self.config.in_app.count_displays {
            return Ok(offer::choose(offers, None));
        }
        let endpoint_ids = self.endpoints_of_same_user(application_id, endpoint).await?;
        let displays = self.store.displays(application_id, endpoint_ids).await?;
        Ok(offer::choose(offers, Some(&Shown::new(&displays, endpoint.id, now))))
    }

    /// The ids of all endpoints of the endpoint's user, its own among them.
    async fn endpoints_of_same_user(
        &self,
        application_id: &ApplicationId,
        endpoint: EndpointRef<'_>,
    ) -> Result<Vec<String>, Error> {
        let user_id = wire::endpoint::read(endpoint.document).map_err(|source| damaged(endpoint, source))?.user.id;
        let mut ids = vec![endpoint.id.to_owned()];
        if let Some(user_id) = user_id {
            let others = self.store.endpoints_of_user(application_id, &user_id).await?;
            ids.extend(others.iter().map(|other| other.id.to_owned()).filter(|id| id != endpoint.id));
        }
        Ok(ids)
    }
}

fn damaged(endpoint: EndpointRef<'_>, source: serde_json::Error) -> Error {
    Error::Segment(crate::segment::Error::DamagedEndpoint { number: endpoint.number, source })
}
