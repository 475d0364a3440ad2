//! Campaigns of the store, for commands that look at them beside a running server.

use anyhow::{Context, bail};
use jiff::Timestamp;

use crate::campaign::Document;
use crate::domain::{ApplicationId, EndpointNumber};
use crate::segment;
use crate::store::{EndpointRef, Kind, Store};

/// Endpoints read at once.
const PAGE_ENDPOINTS: usize = 2_000;

/// The latest version of a campaign.
pub struct Stored {
    pub application_id: ApplicationId,
    pub document: Document,
    pub made: Timestamp,
}

impl Stored {
    /// Finds a campaign by its id, in one application or in all.
    pub async fn find(store: &dyn Store, id: &str, application: Option<&str>) -> anyhow::Result<Self> {
        let applications = match application {
            Some(id) => vec![ApplicationId::new(id)],
            None => store.applications().await?.into_iter().map(|application| application.id).collect(),
        };
        for application_id in applications {
            if let Some(found) = store.definition(Some(&application_id), Kind::Campaign, id, None).await? {
                let document = serde_json::from_str(&found.document);
                return Ok(Self {
                    application_id,
                    document: document.with_context(|| format!("campaign `{id}` cannot be read"))?,
                    made: found.creation_date.parse()?,
                });
            }
        }
        match application {
            Some(application) => bail!("application `{application}` has no campaign `{id}`"),
            None => bail!("there is no campaign `{id}`"),
        }
    }

    /// Shows every member of the campaign's segment, in the order of their numbers.
    pub async fn each_member(
        &self,
        store: &dyn Store,
        now: Timestamp,
        mut each: impl FnMut(EndpointRef<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let campaign = &self.document.campaign;
        let segment_id = campaign.segment_id.as_deref().context("the campaign has no segment")?;
        let version = campaign.segment_version.and_then(|version| u32::try_from(version).ok());
        let members = segment::evaluate(store, &self.application_id, segment_id, version, now).await?;
        let mut numbers = members.iter();
        loop {
            let page: Vec<EndpointNumber> = numbers.by_ref().take(PAGE_ENDPOINTS).collect();
            if page.is_empty() {
                return Ok(());
            }
            let page = store.load_endpoints(&self.application_id, page).await?;
            for endpoint in page.iter() {
                each(endpoint)?;
            }
        }
    }
}
