//! A message in Pinpoint's words.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_pinpoint::types::{
    Action, AddressConfiguration, AdmMessage, ApnsMessage, BaiduMessage, ChannelType as AwsChannelType,
    DirectMessageConfiguration, GcmMessage, MessageRequest,
};
use serde_json::value::RawValue;

use crate::channel::{Message, Origin, PushAction, PushContent, PushExtra, PushPriority};
use crate::domain::{ActivityId, ChannelType, TreatmentId};

/// Writes the request for one address.
///
/// Source: Pinpoint API reference, "Messages", and the model shape `MessageRequest`.
pub fn build(message: &Message, push: &PushContent) -> MessageRequest {
    let to = AddressConfiguration::builder().channel_type(AwsChannelType::from(message.channel_type.as_str())).build();
    MessageRequest::builder()
        .addresses(&message.address, to)
        .set_context(context(&message.origin, push.extra.as_deref()))
        .message_configuration(configuration(message.channel_type, push))
        .build()
}

/// What all four kinds of message say by the same names.
macro_rules! common {
    ($message:ty, $push:expr) => {
        <$message>::builder()
            .action(action($push.action))
            .set_title($push.title.clone())
            .set_body($push.body.clone())
            .set_url($push.url.clone().filter(|_| $push.action != PushAction::OpenApp))
            .set_silent_push($push.silent.then_some(true))
            .set_sound($push.sound.clone())
            .set_data($push.json_body.as_deref().map(data))
            .set_raw_content($push.raw_content.clone())
    };
}

/// The same, with what messages for Android say besides.
macro_rules! android {
    ($message:ty, $push:expr, $extra:expr) => {
        common!($message, $push)
            .set_image_url($push.image_url.clone())
            .set_image_icon_url($push.image_icon_url.clone())
            .set_small_image_icon_url($push.small_image_icon_url.clone())
            .set_icon_reference($extra.icon.clone())
    };
}

fn configuration(channel_type: ChannelType, push: &PushContent) -> DirectMessageConfiguration {
    let nothing = PushExtra::default();
    let extra = push.extra.as_deref().unwrap_or(&nothing);
    let seconds = push.time_to_live.map(|seconds| i32::try_from(seconds).unwrap_or(i32::MAX));
    let configuration = DirectMessageConfiguration::builder();
    let configuration = match channel_type {
        ChannelType::Adm => configuration.adm_message(
            android!(AdmMessage, push, extra)
                .set_consolidation_key(extra.collapse_key.clone())
                .set_expires_after(push.time_to_live.map(|seconds| seconds.to_string()))
                .build(),
        ),
        ChannelType::Baidu => {
            configuration.baidu_message(android!(BaiduMessage, push, extra).set_time_to_live(seconds).build())
        }
        ChannelType::Gcm => configuration.gcm_message(
            android!(GcmMessage, push, extra)
                .set_collapse_key(extra.collapse_key.clone())
                .set_restricted_package_name(extra.restricted_package_name.clone())
                .set_priority(extra.priority.map(|priority| word(priority, "normal", "high")))
                .set_time_to_live(seconds)
                .build(),
        ),
        // The adapter serves no other types than these four of APNs.
        _ => configuration.apns_message(
            common!(ApnsMessage, push)
                .set_media_url(push.media_url.clone())
                .set_apns_push_type(extra.push_type.clone())
                .set_badge(extra.badge)
                .set_category(extra.category.clone())
                .set_collapse_id(extra.collapse_key.clone())
                .set_thread_id(extra.thread_id.clone())
                .set_priority(extra.priority.map(|priority| word(priority, "5", "10")))
                .set_time_to_live(seconds)
                .build(),
        ),
    };
    configuration.build()
}

fn action(action: PushAction) -> Action {
    match action {
        PushAction::OpenApp => Action::OpenApp,
        PushAction::DeepLink => Action::DeepLink,
        PushAction::Url => Action::Url,
    }
}

fn word(priority: PushPriority, normal: &str, high: &str) -> String {
    match priority {
        PushPriority::Normal => normal.to_owned(),
        PushPriority::High => high.to_owned(),
    }
}

/// The JSON text for the app as the map of texts that Pinpoint takes.
///
/// Shape: texts stay as they are, other members become their JSON, and a text that is no object is one member, `jsonBody`.
fn data(json: &str) -> HashMap<String, String> {
    match serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(json) {
        Ok(members) => members.into_iter().map(|(name, value)| (name, text(&value))).collect(),
        Err(_) => HashMap::from([("jsonBody".to_owned(), json.to_owned())]),
    }
}

fn text(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

/// What the sender adds for the app, and where the message comes from.
///
/// AWS sends every message as a direct one: `campaign.campaign_id` is `_DIRECT` in the app whatever we say, so the ids are
/// given beside it.
fn context(origin: &Origin, extra: Option<&PushExtra>) -> Option<HashMap<String, String>> {
    let mut context = HashMap::new();
    if origin.campaign_id.as_str() != Origin::DIRECT {
        let mut put = |name: &str, id: Option<&str>| context.extend(id.map(|id| (name.to_owned(), id.to_owned())));
        put("campaign_id", Some(origin.campaign_id.as_str()));
        put("campaign_activity_id", origin.activity_id.as_ref().map(ActivityId::as_str));
        put("treatment_id", origin.treatment_id.as_ref().map(TreatmentId::as_str));
    }
    context.extend(extra.iter().flat_map(|extra| &extra.context).map(|(name, value)| (name.clone(), value.clone())));
    (!context.is_empty()).then_some(context)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::channel::{Content, suite};
    use crate::domain::CampaignId;

    fn full() -> PushContent {
        let own = |text: &str| Some(text.to_owned());
        PushContent {
            title: own("T"),
            body: own("B"),
            action: PushAction::Url,
            url: own("https://a/u"),
            silent: true,
            json_body: own(r#"{"a":"x","b":[1, 2],"c":1.50}"#),
            image_url: own("https://a/i"),
            image_icon_url: own("https://a/l"),
            small_image_icon_url: own("https://a/s"),
            media_url: own("https://a/m"),
            raw_content: own("{}"),
            time_to_live: Some(60),
            sound: own("ding"),
            extra: Some(Box::new(PushExtra {
                icon: own("bell"),
                collapse_key: own("news"),
                priority: Some(PushPriority::High),
                restricted_package_name: own("com.example"),
                badge: Some(3),
                category: own("c"),
                thread_id: own("t"),
                push_type: own("alert"),
                context: BTreeMap::from([("order".to_owned(), "7".to_owned())]),
            })),
        }
    }

    fn texts<const N: usize>(pairs: [(&str, &str); N]) -> HashMap<String, String> {
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn each_type_has_its_message() {
        let data = texts([("a", "x"), ("b", "[1, 2]"), ("c", "1.50")]);
        macro_rules! expected {
            ($message:ty) => {
                <$message>::builder()
                    .action(Action::Url)
                    .title("T")
                    .body("B")
                    .url("https://a/u")
                    .silent_push(true)
                    .sound("ding")
                    .set_data(Some(data.clone()))
                    .raw_content("{}")
            };
            ($message:ty, android) => {
                expected!($message)
                    .image_url("https://a/i")
                    .image_icon_url("https://a/l")
                    .small_image_icon_url("https://a/s")
                    .icon_reference("bell")
            };
        }
        let of = |channel_type| configuration(channel_type, &full());
        let empty = DirectMessageConfiguration::builder;

        let adm = expected!(AdmMessage, android).consolidation_key("news").expires_after("60").build();
        assert_eq!(of(ChannelType::Adm), empty().adm_message(adm).build());
        let baidu = expected!(BaiduMessage, android).time_to_live(60).build();
        assert_eq!(of(ChannelType::Baidu), empty().baidu_message(baidu).build());
        let gcm = expected!(GcmMessage, android)
            .collapse_key("news")
            .restricted_package_name("com.example")
            .priority("high")
            .time_to_live(60)
            .build();
        assert_eq!(of(ChannelType::Gcm), empty().gcm_message(gcm).build());
        let apns = expected!(ApnsMessage)
            .media_url("https://a/m")
            .apns_push_type("alert")
            .badge(3)
            .category("c")
            .collapse_id("news")
            .thread_id("t")
            .priority("10")
            .time_to_live(60)
            .build();
        let apns = empty().apns_message(apns).build();
        for channel_type in
            [ChannelType::Apns, ChannelType::ApnsSandbox, ChannelType::ApnsVoip, ChannelType::ApnsVoipSandbox]
        {
            assert_eq!(of(channel_type), apns, "{channel_type}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_sent() {
        let push = PushContent { body: Some("B".into()), url: Some("unused".into()), ..PushContent::default() };
        let gcm = GcmMessage::builder().action(Action::OpenApp).body("B").build();
        let expected = DirectMessageConfiguration::builder().gcm_message(gcm).build();
        assert_eq!(configuration(ChannelType::Gcm, &push), expected);
        assert_eq!(data("[1]"), texts([("jsonBody", "[1]")]));
    }

    #[test]
    fn the_request_names_one_address_and_where_the_message_comes_from() {
        let mut message = suite::message(ChannelType::ApnsSandbox, "token-1", Content::Push(full()));
        let request = build(&message, &full());
        let to = AddressConfiguration::builder().channel_type(AwsChannelType::ApnsSandbox).build();
        assert_eq!(request.addresses, Some(HashMap::from([("token-1".to_owned(), to)])));
        let expected = texts([
            ("campaign_id", "campaign-1"),
            ("campaign_activity_id", "activity-1"),
            ("treatment_id", "0"),
            ("order", "7"),
        ]);
        assert_eq!(request.context, Some(expected));

        let campaign_id = CampaignId::new(Origin::DIRECT);
        let direct = Origin { campaign_id, activity_id: None, treatment_id: None, ..(*message.origin).clone() };
        message.origin = Arc::new(direct);
        assert_eq!(build(&message, &full()).context, Some(texts([("order", "7")])));
        assert_eq!(build(&message, &PushContent::default()).context, None);
    }
}
