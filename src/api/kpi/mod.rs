//! KPIs, counted from the ledger and from events.
//!
//! Where nothing is known there are no rows, as with Pinpoint: a rate of opens has none until an open was reported, and one
//! over a medium counts only activities all of whose messages went over it. Prices are not known at all, and journeys do
//! not run yet.

mod measure;
mod name;
mod range;

use self::name::Scope;
use self::range::Range;
use super::{Call, Error};
use crate::clock::wire_text;
use crate::domain::{ApplicationId, CampaignId};
use crate::store::Kind;
use crate::wire::generated::{self as wire, Kpis};

impl Kpis for Call<'_> {
    async fn get_application_date_range_kpi(
        &self,
        input: wire::GetApplicationDateRangeKpiInput,
    ) -> Result<wire::ApplicationDateRangeKpiResponse, Error> {
        let application_id = self.application(&input.application_id).await?.id;
        let range = self.kpi_range(input.start_time.as_deref(), input.end_time.as_deref())?;
        let kpi_result = self.kpi(Scope::Application, &input.kpi_name, &application_id, None, range).await?;
        Ok(wire::ApplicationDateRangeKpiResponse {
            application_id: input.application_id,
            end_time: wire_text(range.end),
            kpi_name: input.kpi_name,
            kpi_result,
            next_token: None,
            start_time: wire_text(range.start),
        })
    }

    async fn get_campaign_date_range_kpi(
        &self,
        input: wire::GetCampaignDateRangeKpiInput,
    ) -> Result<wire::CampaignDateRangeKpiResponse, Error> {
        let application_id = ApplicationId::new(&input.application_id);
        self.child(&application_id, Kind::Campaign, &input.campaign_id).await?;
        let range = self.kpi_range(input.start_time.as_deref(), input.end_time.as_deref())?;
        let campaign = CampaignId::new(&input.campaign_id);
        let kpi_result = self.kpi(Scope::Campaign, &input.kpi_name, &application_id, Some(&campaign), range).await?;
        Ok(wire::CampaignDateRangeKpiResponse {
            application_id: input.application_id,
            campaign_id: input.campaign_id,
            end_time: wire_text(range.end),
            kpi_name: input.kpi_name,
            kpi_result,
            next_token: None,
            start_time: wire_text(range.start),
        })
    }

    async fn get_journey_date_range_kpi(
        &self,
        input: wire::GetJourneyDateRangeKpiInput,
    ) -> Result<wire::JourneyDateRangeKpiResponse, Error> {
        let application_id = ApplicationId::new(&input.application_id);
        self.child(&application_id, Kind::Journey, &input.journey_id).await?;
        let range = self.kpi_range(input.start_time.as_deref(), input.end_time.as_deref())?;
        let kpi_result = self.kpi(Scope::Journey, &input.kpi_name, &application_id, None, range).await?;
        Ok(wire::JourneyDateRangeKpiResponse {
            application_id: input.application_id,
            end_time: wire_text(range.end),
            journey_id: input.journey_id,
            kpi_name: input.kpi_name,
            kpi_result,
            next_token: None,
            start_time: wire_text(range.start),
        })
    }
}

impl Call<'_> {
    fn kpi_range(&self, start: Option<&str>, end: Option<&str>) -> Result<Range, Error> {
        Range::read(start, end, self.api.clock.now())
    }

    /// Errors: 404 unless there is such a campaign or journey.
    async fn child(&self, application_id: &ApplicationId, kind: Kind, id: &str) -> Result<(), Error> {
        let found = self.store().definition(Some(application_id), kind, id, None).await?;
        found.map(drop).ok_or_else(Error::not_found)
    }

    async fn kpi(
        &self,
        scope: Scope,
        name: &str,
        application_id: &ApplicationId,
        campaign_id: Option<&CampaignId>,
        range: Range,
    ) -> Result<wire::BaseKpiResult, Error> {
        let kpi = name::find(scope, name)
            .ok_or_else(|| Error::bad_request(format!("kpi-name: there is no KPI `{name}` here")))?;
        let measured = self.measure(kpi, application_id, campaign_id, range).await?;
        let key = name::value_key(name);
        let value = |key: &str, r#type: &str, value: String| wire::ResultRowValue {
            key: key.to_owned(),
            r#type: r#type.to_owned(),
            value,
        };
        let rows = measured.into_iter().map(|(group, number)| wire::ResultRow {
            grouped_bys: kpi.group.key().map(|key| value(key, "String", group)).into_iter().collect(),
            // `123.0`, as Pinpoint writes numbers.
            values: vec![value(&key, "Double", format!("{number:?}"))],
        });
        Ok(wire::BaseKpiResult { rows: rows.collect() })
    }
}
