//! What Pinpoint's client libraries for Android read: flat text keys, from which they draw the notification.
//!
//! The same keys reach apps over FCM, ADM and Baidu. Source: public client libraries and device logs.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Origin, PushAction, PushContent};
use crate::domain::{ActivityId, TreatmentId};

/// Keys and values of a message, in the order they are written.
pub(super) struct Data<'a>(Vec<(Cow<'static, str>, &'a str)>);

impl<'a> Data<'a> {
    /// What a message says, and where it comes from.
    pub fn new(push: &'a PushContent, origin: &'a Origin) -> Self {
        let mut data = Vec::with_capacity(12);
        let mut put = |key, value: Option<&'a str>| data.extend(value.map(|value| (Cow::Borrowed(key), value)));
        put("pinpoint.notification.title", push.title.as_deref());
        put("pinpoint.notification.body", push.body.as_deref());
        put("pinpoint.notification.silentPush", Some(if push.silent { "1" } else { "0" }));
        put("pinpoint.notification.imageUrl", push.image_url.as_deref());
        put("pinpoint.notification.imageIconUrl", push.image_icon_url.as_deref());
        put("pinpoint.notification.imageSmallIconUrl", push.small_image_icon_url.as_deref());
        put("pinpoint.notification.icon", push.extra.as_ref().and_then(|extra| extra.icon.as_deref()));
        put("pinpoint.notification.sound", push.sound.as_deref());
        match push.action {
            PushAction::OpenApp => put("pinpoint.openApp", Some("true")),
            PushAction::DeepLink => put("pinpoint.deeplink", push.url.as_deref()),
            PushAction::Url => put("pinpoint.url", push.url.as_deref()),
        }
        put("pinpoint.jsonBody", push.json_body.as_deref());
        put("pinpoint.campaign.campaign_id", Some(origin.campaign_id.as_str()));
        put("pinpoint.campaign.campaign_activity_id", origin.activity_id.as_ref().map(ActivityId::as_str));
        put("pinpoint.campaign.treatment_id", origin.treatment_id.as_ref().map(TreatmentId::as_str));
        // Beside the keys above, and never instead of one of them.
        for (name, value) in push.extra.iter().flat_map(|extra| &extra.context) {
            let key = format!("pinpoint.{name}");
            if !data.iter().any(|(taken, _)| *taken == key) {
                data.push((Cow::Owned(key), value.as_str()));
            }
        }
        Self(data)
    }

    /// The keys, each once, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// Bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        self.iter().map(|(key, value)| key.len() + value.len()).sum()
    }
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.iter() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::suite;
    use crate::channel::{Content, PushExtra};
    use crate::domain::ChannelType;

    #[test]
    fn each_action_has_its_own_key() {
        let origin = suite::message(ChannelType::Gcm, "a", Content::Push(PushContent::default())).origin;
        for (action, key, value) in [
            (PushAction::OpenApp, "pinpoint.openApp", "true"),
            (PushAction::DeepLink, "pinpoint.deeplink", "app://x"),
            (PushAction::Url, "pinpoint.url", "app://x"),
        ] {
            let push = PushContent { action, url: Some("app://x".into()), ..PushContent::default() };
            let data = Data::new(&push, &origin);
            let actions = ["pinpoint.openApp", "pinpoint.deeplink", "pinpoint.url"];
            let found: Vec<_> = data.iter().filter(|(key, _)| actions.contains(key)).collect();
            assert_eq!(found, [(key, value)], "{action:?}");
        }
    }

    #[test]
    fn context_replaces_no_key() {
        let context = [("notification.body", "never"), ("order", "7")];
        let context = context.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let extra = Some(Box::new(PushExtra { context, ..PushExtra::default() }));
        let push = PushContent { body: Some("Hi".into()), extra, ..PushContent::default() };
        let origin = suite::message(ChannelType::Gcm, "a", Content::Push(push.clone())).origin;
        let data = Data::new(&push, &origin);
        let value = |wanted| data.iter().filter(|(key, _)| *key == wanted).map(|(_, value)| value).collect::<Vec<_>>();
        assert_eq!((value("pinpoint.notification.body"), value("pinpoint.order")), (vec!["Hi"], vec!["7"]));
    }
}
