//! Campaigns, their runs, and figures.

use std::sync::Arc;

use aws_sdk_pinpoint::types::{CampaignStatus, ChannelType};

use super::{NOWHERE, Run, bad, happy, missing, shape, until};

pub async fn play(run: Arc<Run>) {
    let run = &run;
    let app = &run.new_app().await;
    let segment = run.new_segment(app).await;
    for n in 0..3 {
        let request = shape!(EndpointRequest { address: format!("t{n}"), channel_type: ChannelType::Gcm });
        happy!(
            run, update_endpoint => message_body,
            application_id: app, endpoint_id: format!("e{n}"), endpoint_request: request,
        );
    }
    let channel = shape!(GcmChannelRequest { service_json: "x", enabled: true });
    happy!(run, update_gcm_channel => gcm_channel_response, application_id: app, gcm_channel_request: channel);
    let request = |start: &str| {
        let message = shape!(Message { title: "Hello", body: "World" });
        shape!(WriteCampaignRequest {
            name: "spring",
            segment_id: &segment,
            message_configuration: shape!(MessageConfiguration { default_message: message }),
            schedule: shape!(Schedule { start_time: start }),
        })
    };
    let later = request("2099-01-01T09:00:00.000Z");
    let made = happy!(run, create_campaign => campaign_response, application_id: app, write_campaign_request: later);
    let id = made.id().unwrap();
    assert_eq!(happy!(run, get_campaign => campaign_response, application_id: app, campaign_id: id), made);
    let change = shape!(WriteCampaignRequest { is_paused: true });
    let changed = happy!(
        run, update_campaign => campaign_response, application_id: app, campaign_id: id, write_campaign_request: change,
    );
    assert_eq!(changed.state().unwrap().campaign_status(), Some(&CampaignStatus::Paused));
    let first =
        happy!(run, get_campaign_version => campaign_response, application_id: app, campaign_id: id, version: "1");
    assert_eq!((first.version(), changed.version()), (Some(1), Some(2)));
    let versions = happy!(run, get_campaign_versions => campaigns_response, application_id: app, campaign_id: id);
    assert_eq!(versions.item().len(), 2);
    bad!(run, create_campaign, application_id: app, write_campaign_request: request("2020-01-01T00:00:00Z"));
    missing!(run, get_campaign, application_id: app, campaign_id: NOWHERE);
    let gone = happy!(run, delete_campaign => campaign_response, application_id: app, campaign_id: id);
    assert_eq!(gone.state().unwrap().campaign_status(), Some(&CampaignStatus::Deleted));
    missing!(run, delete_campaign, application_id: app, campaign_id: id);

    let now = request("IMMEDIATE");
    let made = happy!(run, create_campaign => campaign_response, application_id: app, write_campaign_request: now);
    let id = made.id().unwrap();
    until("the campaign completes", || async move {
        let found = happy!(run, get_campaign => campaign_response, application_id: app, campaign_id: id);
        (found.state()?.campaign_status() == Some(&CampaignStatus::Completed)).then_some(())
    })
    .await;
    let listed = happy!(run, get_campaigns => campaigns_response, application_id: app);
    assert_eq!(listed.item().len(), 1);
    let activities = happy!(run, get_campaign_activities => activities_response, application_id: app, campaign_id: id);
    let [activity] = activities.item() else { panic!("{activities:?}") };
    assert_eq!((activity.successful_endpoint_count(), activity.result()), (Some(3), Some("SUCCESS")));
    figures(run, app, id).await;
}

async fn figures(run: &Run, app: &str, campaign: &str) {
    let name = "unique-deliveries";
    let found = happy!(
        run, get_application_date_range_kpi => application_date_range_kpi_response, application_id: app, kpi_name: name,
    );
    assert_eq!(found.kpi_result().unwrap().rows()[0].values()[0].key(), Some("UniqueDeliveries"));
    let found = happy!(
        run, get_campaign_date_range_kpi => campaign_date_range_kpi_response,
        application_id: app, campaign_id: campaign, kpi_name: name,
    );
    assert_eq!(found.kpi_result().unwrap().rows().len(), 1);
    bad!(run, get_application_date_range_kpi, application_id: app, kpi_name: "happiness");
    missing!(run, get_campaign_date_range_kpi, application_id: app, campaign_id: NOWHERE, kpi_name: name);
    let request = shape!(WriteJourneyRequest { name: "j" });
    let journey = happy!(run, create_journey => journey_response, application_id: app, write_journey_request: request);
    let found = happy!(
        run, get_journey_date_range_kpi => journey_date_range_kpi_response,
        application_id: app, journey_id: journey.id().unwrap(), kpi_name: "journey-emails-sent",
    );
    assert!(found.kpi_result().unwrap().rows().is_empty());
}
