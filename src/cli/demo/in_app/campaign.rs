//! The demo's campaigns, made over the API as a client would: a message for each layout, and one for Ada alone.

use aws_sdk_pinpoint::Client;
use aws_sdk_pinpoint::types::{
    Alignment, AttributeDimension, AttributeType, ButtonAction, CampaignEventFilter, CampaignInAppMessage,
    DefaultButtonConfiguration, DimensionType, EventDimensions, FilterType, Frequency, InAppMessageBodyConfig,
    InAppMessageButton, InAppMessageContent, InAppMessageHeaderConfig, Layout, MessageConfiguration, Schedule,
    SegmentDimensions, SetDimension, WriteCampaignRequest, WriteSegmentRequest,
};
use jiff::{SignedDuration, Timestamp};

use crate::clock::wire_text;

/// Events of the page, each with a message: the layouts, and what Ada alone sees.
pub const EVENTS: [&str; 5] = ["banner", "modal", "fullscreen", "carousel", "for-ada"];

/// How long the messages are shown.
const DAYS: i64 = 30;

/// Makes the segments and campaigns of the application.
pub async fn define(client: &Client, id: &str, now: Timestamp) -> anyhow::Result<()> {
    let everybody = segment(client, id, "everybody", SegmentDimensions::builder().build()).await?;
    let name = AttributeDimension::builder().attribute_type(AttributeType::Inclusive).values("Ada").build();
    let ada = segment(client, id, "Ada", SegmentDimensions::builder().attributes("name", name).build()).await?;
    let end = wire_text(now + SignedDuration::from_hours(24 * DAYS));
    for (event, layout, slides) in [
        ("banner", Layout::TopBanner, &[("Fresh today", "Three new colours are in.")][..]),
        ("modal", Layout::MobileFeed, &[("Your basket", "It is still there, and so are the tulips.")]),
        ("fullscreen", Layout::Overlays, &[("Spring sale", "Everything that grows: 20 % off until Sunday.")]),
        (
            "carousel",
            Layout::Carousel,
            &[
                ("Tulips", "Red, yellow, and one that is nearly black."),
                ("Daffodils", "They come back by themselves."),
                ("Crocuses", "The first of all."),
            ],
        ),
        ("for-ada", Layout::BottomBanner, &[("Hello Ada", "Nobody else sees this one.")]),
    ] {
        let segment = if event == "for-ada" { &ada } else { &everybody };
        let mut message = CampaignInAppMessage::builder().layout(layout);
        for &(header, body) in slides {
            message = message.content(content(header, body));
        }
        let filter = CampaignEventFilter::builder().filter_type(FilterType::Endpoint).dimensions(
            EventDimensions::builder()
                .event_type(SetDimension::builder().dimension_type(DimensionType::Inclusive).values(event).build())
                .build(),
        );
        let schedule = Schedule::builder()
            .start_time("IMMEDIATE")
            .end_time(&end)
            .frequency(Frequency::InAppEvent)
            .event_filter(filter.build())
            .build();
        let campaign = WriteCampaignRequest::builder()
            .name(event)
            .segment_id(segment)
            .message_configuration(MessageConfiguration::builder().in_app_message(message.build()).build())
            .schedule(schedule)
            .build();
        client.create_campaign().application_id(id).write_campaign_request(campaign).send().await?;
    }
    Ok(())
}

async fn segment(client: &Client, id: &str, name: &str, dimensions: SegmentDimensions) -> anyhow::Result<String> {
    let request = WriteSegmentRequest::builder().name(name).dimensions(dimensions).build();
    let created = client.create_segment().application_id(id).write_segment_request(request).send().await?;
    Ok(created.segment_response.and_then(|segment| segment.id).unwrap_or_default())
}

fn content(header: &str, body: &str) -> InAppMessageContent {
    let header = InAppMessageHeaderConfig::builder().alignment(Alignment::Center).header(header).text_color("#1d2433");
    let body = InAppMessageBodyConfig::builder().alignment(Alignment::Center).body(body).text_color("#3c465c");
    let button = DefaultButtonConfiguration::builder()
        .button_action(ButtonAction::Close)
        .text("Fine")
        .background_color("#2f6fed")
        .text_color("#ffffff")
        .border_radius(8);
    InAppMessageContent::builder()
        .background_color("#ffffff")
        .header_config(header.build())
        .body_config(body.build())
        .primary_btn(InAppMessageButton::builder().default_config(button.build()).build())
        .build()
}
