//! Writes down what providers say of addresses.

use super::engine::Engine;
use crate::clock;
use crate::domain::{AddressNews, ApplicationId, EndpointNumber, EndpointUpdate};
use crate::store::{self, Cause, EndpointWrite, Withdrawal};

/// What a provider says of an endpoint's address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressReport {
    pub number: EndpointNumber,
    pub endpoint_id: String,
    /// The address that this is about.
    pub address: String,
    pub news: AddressNews,
}

impl Engine {
    /// Makes endpoints inactive, opts them out or gives them their new addresses. What was said of an address that the
    /// endpoint no longer has is passed over.
    ///
    /// Errors: those of the store. What was said is true all the same, and the next message meets it again.
    pub(super) async fn learn_addresses(
        &self,
        application_id: &ApplicationId,
        reports: Vec<AddressReport>,
    ) -> Result<(), store::Error> {
        let (mut withdrawn, mut moved) = (Vec::new(), Vec::new());
        for AddressReport { number, endpoint_id, address, news } in reports {
            match news {
                AddressNews::Dead => withdrawn.push(Withdrawal { number, address, cause: Cause::Dead }),
                AddressNews::OptedOut => withdrawn.push(Withdrawal { number, address, cause: Cause::OptedOut }),
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
