//! What Baidu hands to the app.
//!
//! Pinpoint's messages are plain ones, of which Baidu shows nothing: the app's library gets their text, with the same keys
//! as over FCM, and draws the notification. Apps without that library can leave the drawing to Baidu's.
//! Source: Pinpoint developer guide of 2018, "Handling push notifications from Baidu Cloud Push", and Baidu Cloud Push
//! documentation, "Message formats".

use serde::{Deserialize, Serialize};

use crate::channel::pinpoint_data::Data;
use crate::channel::{Message, PushAction, PushContent};
use crate::domain::limit::PUSH_PAYLOAD_BYTES_MAX;

/// Who draws notifications on the device.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Drawer {
    /// The app, as apps made for Pinpoint do.
    #[default]
    App,
    /// Baidu's library.
    Baidu,
}

/// `msg`, and what kind of message it is.
#[derive(Debug, Eq, PartialEq)]
pub struct Payload {
    pub kind: Kind,
    pub msg: String,
}

/// `msg_type`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Goes to the app's code as it is.
    Plain,
    /// Is shown by Baidu's library.
    Notification,
}

impl Kind {
    /// On the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Notification => "1",
        }
    }
}

/// Writes what a message says.
///
/// Errors: the reason why the message can never be sent.
pub fn build(message: &Message, push: &PushContent, drawer: Drawer) -> Result<Payload, String> {
    let kind = match drawer {
        Drawer::Baidu if !push.silent => Kind::Notification,
        _ => Kind::Plain,
    };
    let msg = match (&push.raw_content, kind) {
        // Plain messages have no form, so there is nothing to check.
        (Some(raw), _) => raw.clone(),
        (None, Kind::Plain) => json(&Data::new(push, &message.origin)),
        (None, Kind::Notification) => json(&Notification::new(push, message)),
    };
    if msg.len() > PUSH_PAYLOAD_BYTES_MAX {
        let bytes = msg.len();
        return Err(format!("413: the payload has {bytes} bytes, and Baidu takes at most {PUSH_PAYLOAD_BYTES_MAX}"));
    }
    Ok(Payload { kind, msg })
}

/// A notification for Android.
#[derive(Serialize)]
struct Notification<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: &'a str,
    open_type: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pkg_content: Option<&'a str>,
    custom_content: Data<'a>,
}

impl<'a> Notification<'a> {
    fn new(push: &'a PushContent, message: &'a Message) -> Self {
        const OPEN_URL: u8 = 1;
        const OPEN_APP: u8 = 2;
        let address = push.url.as_deref();
        let (open_type, url, pkg_content) = match push.action {
            PushAction::OpenApp => (OPEN_APP, None, None),
            // An intent URI: what the app opens with.
            PushAction::DeepLink => (OPEN_APP, None, address),
            PushAction::Url => (OPEN_URL, address, None),
        };
        Self {
            title: push.title.as_deref(),
            // Baidu takes none without.
            description: push.body.as_deref().or(push.title.as_deref()).unwrap_or_default(),
            open_type,
            url,
            pkg_content,
            custom_content: Data::new(push, &message.origin),
        }
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("text keys and values")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::channel::{Content, suite};
    use crate::domain::ChannelType;

    fn built(push: &PushContent, drawer: Drawer) -> (Kind, Value) {
        let message = suite::message(ChannelType::Baidu, "1", Content::Push(push.clone()));
        let Payload { kind, msg } = build(&message, push, drawer).unwrap();
        (kind, serde_json::from_str(&msg).unwrap())
    }

    fn hello() -> PushContent {
        PushContent { title: Some("Hello".into()), body: Some("World".into()), ..PushContent::default() }
    }

    fn data(silent: &str) -> Value {
        json!({
            "pinpoint.notification.title": "Hello",
            "pinpoint.notification.body": "World",
            "pinpoint.notification.silentPush": silent,
            "pinpoint.openApp": "true",
            "pinpoint.campaign.campaign_id": "campaign-1",
            "pinpoint.campaign.campaign_activity_id": "activity-1",
            "pinpoint.campaign.treatment_id": "0",
        })
    }

    #[test]
    fn the_app_gets_pinpoints_keys_and_draws_by_itself() {
        assert_eq!(built(&hello(), Drawer::App), (Kind::Plain, data("0")));
    }

    #[test]
    fn baidu_draws_what_is_not_silent() {
        let notification = json!({
            "title": "Hello", "description": "World", "open_type": 2, "custom_content": data("0"),
        });
        assert_eq!(built(&hello(), Drawer::Baidu), (Kind::Notification, notification));
        let silent = PushContent { silent: true, ..hello() };
        assert_eq!(built(&silent, Drawer::Baidu), (Kind::Plain, data("1")));
    }

    #[test]
    fn a_tap_does_what_the_action_says() {
        for (action, open_type, url, pkg_content) in [
            (PushAction::OpenApp, 2, Value::Null, Value::Null),
            (PushAction::DeepLink, 2, Value::Null, json!("app://x")),
            (PushAction::Url, 1, json!("app://x"), Value::Null),
        ] {
            let push =
                PushContent { action, url: Some("app://x".into()), title: Some("T".into()), ..Default::default() };
            let (_, msg) = built(&push, Drawer::Baidu);
            let found = (&msg["open_type"], &msg["url"], &msg["pkg_content"]);
            assert_eq!(found, (&json!(open_type), &url, &pkg_content), "{action:?}");
            assert_eq!(msg["description"], "T", "a title alone is the text");
        }
    }

    #[test]
    fn raw_content_is_the_message_as_it_is() {
        // As the developer guide has it, which is no JSON.
        let raw = "{'pinpoint.campaign.campaign_id':'_DIRECT','pinpoint.notification.silentPush':0}";
        for (drawer, kind) in [(Drawer::App, Kind::Plain), (Drawer::Baidu, Kind::Notification)] {
            let push = PushContent { raw_content: Some(raw.into()), ..hello() };
            let message = suite::message(ChannelType::Baidu, "1", Content::Push(push.clone()));
            assert_eq!(build(&message, &push, drawer), Ok(Payload { kind, msg: raw.into() }));
        }
    }

    #[test]
    fn four_kilobytes_are_the_limit() {
        let of_bytes = |bytes: usize| {
            let push = PushContent { raw_content: Some("x".repeat(bytes)), ..PushContent::default() };
            let message = suite::message(ChannelType::Baidu, "1", Content::Push(push.clone()));
            build(&message, &push, Drawer::App).map(|payload| payload.msg.len())
        };
        assert_eq!(of_bytes(4096), Ok(4096));
        let problem = "413: the payload has 4097 bytes, and Baidu takes at most 4096";
        assert_eq!(of_bytes(4097), Err(problem.into()));
    }
}
