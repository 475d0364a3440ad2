//! The message of a campaign in the flavour that hooks see.
//!
//! Campaigns store one set of shapes and direct messages use another; a hook's event is documented to carry the second.

use std::collections::BTreeMap;

use crate::wire::generated::{
    ADMMessage, APNSMessage, BaiduMessage, CampaignEmailMessage, CampaignSmsMessage, DefaultMessage,
    DefaultPushNotificationMessage, DirectMessageConfiguration, EmailMessage, GCMMessage, Message,
    MessageConfiguration, SMSMessage, SimpleEmail, SimpleEmailPart,
};

/// The direct flavour of a campaign's messages.
///
/// Shape: only what is set. Custom and in-app messages have no direct flavour and are left out; a `JsonBody` becomes
/// `Data` if it is a JSON object of strings, and is left out otherwise.
/// Source: model shapes `MessageConfiguration` and `DirectMessageConfiguration`; the mapping is our choice.
pub fn direct_message_configuration(campaign: &MessageConfiguration) -> DirectMessageConfiguration {
    let default = campaign.default_message.as_ref();
    DirectMessageConfiguration {
        adm_message: campaign.adm_message.as_ref().map(adm),
        apns_message: campaign.apns_message.as_ref().map(apns),
        baidu_message: campaign.baidu_message.as_ref().map(baidu),
        default_message: default.map(|message| DefaultMessage { body: message.body.clone(), substitutions: None }),
        default_push_notification_message: default.map(default_push),
        email_message: campaign.email_message.as_ref().map(email),
        gcm_message: campaign.gcm_message.as_ref().map(gcm),
        sms_message: campaign.sms_message.as_ref().map(sms),
        voice_message: None,
    }
}

fn adm(message: &Message) -> ADMMessage {
    ADMMessage {
        action: message.action.clone(),
        body: message.body.clone(),
        data: data(message),
        // ADM's name for the time to live, and as text.
        expires_after: message.time_to_live.map(|seconds| seconds.to_string()),
        image_icon_url: message.image_icon_url.clone(),
        image_url: message.image_url.clone(),
        raw_content: message.raw_content.clone(),
        silent_push: message.silent_push,
        small_image_icon_url: message.image_small_icon_url.clone(),
        title: message.title.clone(),
        url: message.url.clone(),
        ..ADMMessage::default()
    }
}

fn apns(message: &Message) -> APNSMessage {
    APNSMessage {
        action: message.action.clone(),
        body: message.body.clone(),
        data: data(message),
        media_url: message.media_url.clone(),
        raw_content: message.raw_content.clone(),
        silent_push: message.silent_push,
        time_to_live: message.time_to_live,
        title: message.title.clone(),
        url: message.url.clone(),
        ..APNSMessage::default()
    }
}

fn baidu(message: &Message) -> BaiduMessage {
    BaiduMessage {
        action: message.action.clone(),
        body: message.body.clone(),
        data: data(message),
        image_icon_url: message.image_icon_url.clone(),
        image_url: message.image_url.clone(),
        raw_content: message.raw_content.clone(),
        silent_push: message.silent_push,
        small_image_icon_url: message.image_small_icon_url.clone(),
        time_to_live: message.time_to_live,
        title: message.title.clone(),
        url: message.url.clone(),
        ..BaiduMessage::default()
    }
}

fn gcm(message: &Message) -> GCMMessage {
    GCMMessage {
        action: message.action.clone(),
        body: message.body.clone(),
        data: data(message),
        image_icon_url: message.image_icon_url.clone(),
        image_url: message.image_url.clone(),
        raw_content: message.raw_content.clone(),
        silent_push: message.silent_push,
        small_image_icon_url: message.image_small_icon_url.clone(),
        time_to_live: message.time_to_live,
        title: message.title.clone(),
        url: message.url.clone(),
        ..GCMMessage::default()
    }
}

fn default_push(message: &Message) -> DefaultPushNotificationMessage {
    DefaultPushNotificationMessage {
        action: message.action.clone(),
        body: message.body.clone(),
        data: data(message),
        silent_push: message.silent_push,
        substitutions: None,
        title: message.title.clone(),
        url: message.url.clone(),
    }
}

fn email(message: &CampaignEmailMessage) -> EmailMessage {
    let part = |text: &Option<String>| text.clone().map(|text| SimpleEmailPart { charset: None, data: Some(text) });
    EmailMessage {
        from_address: message.from_address.clone(),
        simple_email: Some(SimpleEmail {
            headers: message.headers.clone(),
            html_part: part(&message.html_body),
            subject: part(&message.title),
            text_part: part(&message.body),
        }),
        ..EmailMessage::default()
    }
}

fn sms(message: &CampaignSmsMessage) -> SMSMessage {
    SMSMessage {
        body: message.body.clone(),
        entity_id: message.entity_id.clone(),
        message_type: message.message_type.clone(),
        origination_number: message.origination_number.clone(),
        sender_id: message.sender_id.clone(),
        template_id: message.template_id.clone(),
        ..SMSMessage::default()
    }
}

fn data(message: &Message) -> Option<BTreeMap<String, String>> {
    serde_json::from_str(message.json_body.as_deref()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn direct(campaign: Value) -> Value {
        let campaign: MessageConfiguration = serde_json::from_value(campaign).unwrap();
        serde_json::to_value(direct_message_configuration(&campaign)).unwrap()
    }

    #[test]
    fn nothing_maps_to_nothing() {
        assert_eq!(direct(json!({})), json!({}));
        assert_eq!(direct(json!({"CustomMessage": {"Data": "x"}, "InAppMessage": {"Body": "x"}})), json!({}));
    }

    #[test]
    fn the_default_message_maps_to_both_defaults() {
        let message = json!({"Action": "URL", "Title": "t", "Body": "b", "Url": "u", "SilentPush": false,
            "JsonBody": "{\"k\":\"v\"}", "MediaUrl": "m"});
        let expected = json!({
            "DefaultMessage": {"Body": "b"},
            "DefaultPushNotificationMessage":
                {"Action": "URL", "Title": "t", "Body": "b", "Url": "u", "SilentPush": false, "Data": {"k": "v"}},
        });
        assert_eq!(direct(json!({"DefaultMessage": message})), expected);
    }

    #[test]
    fn push_messages_map_field_by_field() {
        let message = json!({"Action": "DEEP_LINK", "Title": "t", "Body": "b", "Url": "u", "SilentPush": true,
            "JsonBody": "{\"k\":\"v\"}", "MediaUrl": "m", "ImageUrl": "i", "ImageIconUrl": "ii",
            "ImageSmallIconUrl": "s", "RawContent": "r", "TimeToLive": 60});
        let common = json!({"Action": "DEEP_LINK", "Title": "t", "Body": "b", "Url": "u", "SilentPush": true,
            "Data": {"k": "v"}, "RawContent": "r"});
        let images = json!({"ImageUrl": "i", "ImageIconUrl": "ii", "SmallImageIconUrl": "s"});
        let with = |more: &[Value]| {
            let mut members = common.as_object().unwrap().clone();
            members.extend(more.iter().flat_map(|more| more.as_object().unwrap().clone()));
            Value::Object(members)
        };
        let cases = [
            ("APNSMessage", with(&[json!({"MediaUrl": "m", "TimeToLive": 60})])),
            ("GCMMessage", with(&[images.clone(), json!({"TimeToLive": 60})])),
            ("BaiduMessage", with(&[images.clone(), json!({"TimeToLive": 60})])),
            ("ADMMessage", with(&[images.clone(), json!({"ExpiresAfter": "60"})])),
        ];
        for (name, expected) in cases {
            assert_eq!(direct(json!({name: message})), json!({name: expected}), "{name}");
        }
    }

    #[test]
    fn json_that_is_no_object_of_strings_is_left_out() {
        for json in ["{\"k\":1}", "[]", "text", ""] {
            let message = json!({"GCMMessage": {"JsonBody": json, "RawContent": "r"}});
            assert_eq!(direct(message), json!({"GCMMessage": {"RawContent": "r"}}), "{json}");
        }
    }

    #[test]
    fn email_and_sms_map_field_by_field() {
        let campaign = json!({
            "EmailMessage": {"Title": "s", "Body": "t", "HtmlBody": "h", "FromAddress": "f",
                "Headers": [{"Name": "n", "Value": "v"}]},
            "SMSMessage": {"Body": "b", "MessageType": "TRANSACTIONAL", "SenderId": "s", "OriginationNumber": "o",
                "EntityId": "e", "TemplateId": "t"},
        });
        let expected = json!({
            "EmailMessage": {"FromAddress": "f", "SimpleEmail": {"Subject": {"Data": "s"}, "TextPart": {"Data": "t"},
                "HtmlPart": {"Data": "h"}, "Headers": [{"Name": "n", "Value": "v"}]}},
            "SMSMessage": {"Body": "b", "MessageType": "TRANSACTIONAL", "SenderId": "s", "OriginationNumber": "o",
                "EntityId": "e", "TemplateId": "t"},
        });
        assert_eq!(direct(campaign), expected);
        assert_eq!(
            direct(json!({"EmailMessage": {"Title": "s"}}))["EmailMessage"]["SimpleEmail"],
            json!({"Subject": {"Data": "s"}})
        );
    }
}
