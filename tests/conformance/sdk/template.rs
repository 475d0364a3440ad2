//! Message templates of all kinds.

use std::sync::Arc;

use aws_sdk_pinpoint::types::Layout;

use super::{Run, bad, happy, missing, shape};

/// Makes, reads, changes and removes a template of one kind.
macro_rules! template {
    ($run:expr, $kind:literal, $create:ident $body:ident, $get:ident $response:ident, $update:ident $delete:ident,
     $request:ident: $shape:expr) => {
        let made = happy!($run, $create => $body, template_name: "hello", $request: $shape);
        assert!(made.arn().unwrap().ends_with(concat!("templates/hello/", $kind)));
        bad!($run, $create, template_name: "-", $request: $shape);
        let found = happy!($run, $get => $response, template_name: "hello");
        assert_eq!((found.template_name(), found.version()), (Some("hello"), Some("1")));
        happy!($run, $update => message_body, template_name: "hello", create_new_version: true, $request: $shape);
        let found = happy!($run, $get => $response, template_name: "hello", version: "2");
        assert_eq!(found.version(), Some("2"));
        missing!($run, $get, template_name: "hello", version: "9");
        missing!($run, $update, template_name: "nobody", $request: $shape);
        happy!($run, $delete => message_body, template_name: "hello", version: "2");
        happy!($run, $delete => message_body, template_name: "hello");
        missing!($run, $delete, template_name: "hello");
    };
}

pub async fn play(run: Arc<Run>) {
    template!(
        run, "EMAIL", create_email_template create_template_message_body,
        get_email_template email_template_response, update_email_template delete_email_template,
        email_template_request: shape!(EmailTemplateRequest { subject: "Hello", html_part: "<p>Hi</p>" })
    );
    template!(
        run, "SMS", create_sms_template create_template_message_body,
        get_sms_template sms_template_response, update_sms_template delete_sms_template,
        sms_template_request: shape!(SmsTemplateRequest { body: "Hi" })
    );
    let message = shape!(DefaultPushNotificationTemplate { title: "Hi", body: "There" });
    template!(
        run, "PUSH", create_push_template create_template_message_body,
        get_push_template push_notification_template_response, update_push_template delete_push_template,
        push_notification_template_request: shape!(PushNotificationTemplateRequest { default_value: message.clone() })
    );
    template!(
        run, "VOICE", create_voice_template create_template_message_body,
        get_voice_template voice_template_response, update_voice_template delete_voice_template,
        voice_template_request: shape!(VoiceTemplateRequest { body: "Hi", language_code: "en-US" })
    );
    template!(
        run, "INAPP", create_in_app_template template_create_message_body,
        get_in_app_template in_app_template_response, update_in_app_template delete_in_app_template,
        in_app_template_request: shape!(InAppTemplateRequest { layout: Layout::TopBanner })
    );

    let request = || shape!(SmsTemplateRequest { body: "Hi" });
    happy!(run, create_sms_template, template_name: "kept", sms_template_request: request());
    happy!(run, update_sms_template, template_name: "kept", create_new_version: true, sms_template_request: request());
    let active = |version: &str| shape!(TemplateActiveVersionRequest { version: version });
    happy!(
        run, update_template_active_version => message_body,
        template_name: "kept", template_type: "SMS", template_active_version_request: active("2"),
    );
    missing!(
        run, update_template_active_version,
        template_name: "kept", template_type: "SMS", template_active_version_request: active("9"),
    );
    let versions = happy!(
        run, list_template_versions => template_versions_response, template_name: "kept", template_type: "SMS",
    );
    assert_eq!(versions.item().len(), 2);
    missing!(run, list_template_versions, template_name: "nobody", template_type: "SMS");
    let listed = happy!(run, list_templates => templates_response, prefix: "kept");
    assert_eq!(listed.item().len(), 1);
    bad!(run, list_templates, template_type: "FAX");
}
