//! Writes down what providers say of addresses.

use super::engine::Engine;
use super::feedback::event;
use super::feedback::reference::Run;
use crate::channel::Origin;
use crate::clock;
use crate::domain::{AddressNews, ApplicationId, ChannelType, EndpointNumber, EndpointUpdate};
use crate::store::{self, Cause, EndpointWrite, Withdrawal};

/// What a provider says of an endpoint's address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressReport {
    pub number: EndpointNumber,
    pub endpoint_id: String,
    pub channel_type: ChannelType,
    /// The address that this is about.
    pub address: String,
    pub news: AddressNews,
    /// The provider's words.
    pub reason: Option<String>,
}

impl Engine {
    /// Learns what was said while these messages were sent: makes an event of each endpoint that gets no more messages, and
    /// changes the endpoints.
    ///
    /// Errors: those of the store. What was said is true all the same, and the next message meets it again.
    pub(super) async fn learn_addresses(
        &self,
        origin: &Origin,
        reports: Vec<AddressReport>,
    ) -> Result<(), store::Error> {
        let (now, run) = (self.clock.now(), Run::of(origin));
        let events: Vec<_> = reports
            .iter()
            .filter_map(|report| {
                let AddressReport { endpoint_id, channel_type, news, reason, .. } = report;
                event::of_verdict(*channel_type, endpoint_id, news, reason.as_deref(), run.as_ref(), now)
            })
            .collect();
        // Events first: an endpoint that is out of it is sent nothing, and nobody says it again.
        if !events.is_empty() {
            self.store.append_events(&origin.application_id, events, now).await?;
            self.events_arrived(&origin.application_id);
        }
        self.change_addresses(&origin.application_id, reports).await
    }

    /// Makes endpoints inactive, opts them out or gives them their new addresses. What was said of an address that the
    /// endpoint no longer has is passed over.
    async fn change_addresses(
        &self,
        application_id: &ApplicationId,
        reports: Vec<AddressReport>,
    ) -> Result<(), store::Error> {
        let (mut withdrawn, mut moved) = (Vec::new(), Vec::new());
        for AddressReport { number, endpoint_id, address, news, .. } in reports {
            let mut withdraw = |address, cause| withdrawn.push(Withdrawal { number, address: Some(address), cause });
            match news {
                AddressNews::Dead => withdraw(address, Cause::Dead),
                AddressNews::OptedOut => withdraw(address, Cause::OptedOut),
                AddressNews::Moved(address) => {
                    let update = EndpointUpdate { address: Some(address), ..EndpointUpdate::default() };
                    moved.push(EndpointWrite { id: endpoint_id, update });
                }
            }
        }
        if !withdrawn.is_empty() {
            self.store.withdraw_endpoints(application_id, withdrawn).await?;
        }
        if !moved.is_empty() {
            self.store.upsert_endpoints(application_id, moved, clock::wire_text(self.clock.now())).await?;
        }
        Ok(())
    }
}
