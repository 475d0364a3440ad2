//! Endpoints, users, attributes, events, in-app messages, the event stream, segments.

use std::sync::Arc;

use aws_sdk_pinpoint::types::{AttributeType, ChannelType, SegmentType};

use super::{NOWHERE, ROLE, Run, bad, happy, missing, shape};

pub async fn play(run: Arc<Run>) {
    endpoints(&run).await;
    events(&run).await;
    segments(&run).await;
}

async fn endpoints(run: &Run) {
    let app = &run.new_app().await;
    let endpoint = "user/1 ü";
    let request = shape!(EndpointRequest {
        address: "anna@example.com",
        channel_type: ChannelType::Email,
        attributes: "Tier" => vec!["gold".to_owned()],
        metrics: "visits" => 3.0,
        user: shape!(EndpointUser { user_id: "anna" }),
    });
    let answer = happy!(
        run, update_endpoint => message_body,
        application_id: app, endpoint_id: endpoint, endpoint_request: request,
    );
    assert_eq!(answer.message(), Some("Accepted"));
    let found = happy!(run, get_endpoint => endpoint_response, application_id: app, endpoint_id: endpoint);
    assert_eq!((found.id(), found.channel_type()), (Some(endpoint), Some(&ChannelType::Email)));
    assert_eq!(found.attributes().unwrap()["Tier"], ["gold"]);
    assert_eq!(found.metrics().unwrap()["visits"], 3.0);
    let item = shape!(EndpointBatchItem { id: "e2", address: "t2", channel_type: ChannelType::Gcm });
    let batch = shape!(EndpointBatchRequest { item: item });
    happy!(run, update_endpoints_batch => message_body, application_id: app, endpoint_batch_request: batch);
    bad!(
        run, update_endpoint, application_id: app, endpoint_id: "x",
        endpoint_request: shape!(EndpointRequest { channel_type: ChannelType::from("PIGEON") }),
    );
    missing!(run, get_endpoint, application_id: app, endpoint_id: "x");

    let request = shape!(UpdateAttributesRequest { blacklist: "Ti*" });
    let removed = happy!(
        run, remove_attributes => attributes_resource,
        application_id: app, attribute_type: "endpoint-custom-attributes", update_attributes_request: request,
    );
    assert_eq!(removed.attributes(), ["Tier"]);
    let found = happy!(run, get_user_endpoints => endpoints_response, application_id: app, user_id: "anna");
    assert_eq!(found.item().len(), 1);
    happy!(run, delete_user_endpoints => endpoints_response, application_id: app, user_id: "anna");
    missing!(run, get_user_endpoints, application_id: app, user_id: "anna");
    let gone = happy!(run, delete_endpoint => endpoint_response, application_id: app, endpoint_id: "e2");
    assert_eq!(gone.address(), Some("t2"));
    missing!(run, delete_endpoint, application_id: app, endpoint_id: "e2");
}

async fn events(run: &Run) {
    let app = &run.new_app().await;
    let event =
        shape!(Event { event_type: "cart.add", timestamp: "2026-03-01T09:00:00.000Z", metrics: "price" => 9.9 });
    let endpoint = shape!(PublicEndpoint { channel_type: ChannelType::InApp });
    let batch = shape!(EventsBatch { endpoint: endpoint, events: "one" => event });
    let request = shape!(EventsRequest { batch_item: "phone" => batch });
    let answer = happy!(run, put_events => events_response, application_id: app, events_request: request.clone());
    let item = &answer.results().unwrap()["phone"].events_item_response().unwrap()["one"];
    assert_eq!((item.status_code(), item.message()), (Some(202), Some("Accepted")));
    missing!(run, put_events, application_id: NOWHERE, events_request: request);

    let found = happy!(run, get_in_app_messages => in_app_messages_response, application_id: app, endpoint_id: "phone");
    assert!(found.in_app_message_campaigns().is_empty());
    missing!(run, get_in_app_messages, application_id: app, endpoint_id: "nobody");

    let target = "arn:aws:kinesis:us-east-1:123456789012:stream/s";
    let request = shape!(WriteEventStream { destination_stream_arn: target, role_arn: ROLE });
    missing!(run, get_event_stream, application_id: app);
    let made = happy!(run, put_event_stream => event_stream, application_id: app, write_event_stream: request);
    assert_eq!(happy!(run, get_event_stream => event_stream, application_id: app), made);
    assert_eq!(happy!(run, delete_event_stream => event_stream, application_id: app), made);
    missing!(run, delete_event_stream, application_id: app);
}

async fn segments(run: &Run) {
    let app = &run.new_app().await;
    let gold = shape!(AttributeDimension { attribute_type: AttributeType::Inclusive, values: "gold" });
    let dimensions = shape!(SegmentDimensions { attributes: "Tier" => gold });
    let request = shape!(WriteSegmentRequest { name: "gold", dimensions: dimensions.clone() });
    let made = happy!(run, create_segment => segment_response, application_id: app, write_segment_request: request);
    assert_eq!((made.dimensions(), made.segment_type()), (Some(&dimensions), Some(&SegmentType::Dimensional)));
    let id = made.id().unwrap();
    assert_eq!(happy!(run, get_segment => segment_response, application_id: app, segment_id: id), made);
    let change = shape!(WriteSegmentRequest { name: "golden" });
    let changed = happy!(
        run, update_segment => segment_response, application_id: app, segment_id: id, write_segment_request: change,
    );
    assert_eq!((changed.name(), changed.version()), (Some("golden"), Some(2)));
    let first = happy!(run, get_segment_version => segment_response, application_id: app, segment_id: id, version: "1");
    assert_eq!(first.name(), Some("gold"));
    let page = happy!(
        run, get_segment_versions => segments_response, application_id: app, segment_id: id, page_size: "1",
    );
    assert_eq!(page.item().len(), 1);
    let page = happy!(
        run, get_segment_versions => segments_response,
        application_id: app, segment_id: id, page_size: "1", token: page.next_token().unwrap(),
    );
    assert_eq!((page.item().len(), page.next_token()), (1, None));
    let listed = happy!(run, get_segments => segments_response, application_id: app);
    assert_eq!(listed.item().len(), 1);
    bad!(run, get_segments, application_id: app, token: "bm90LWEtdG9rZW4");
    missing!(run, get_segment_version, application_id: app, segment_id: id, version: "9");
    happy!(run, delete_segment => segment_response, application_id: app, segment_id: id);
    missing!(run, get_segment, application_id: app, segment_id: id);
    missing!(run, delete_segment, application_id: app, segment_id: id);
}
