//! Channels. All of them lead to the sink.

use std::sync::Arc;

use super::{NOWHERE, Run, bad, happy, missing, shape};

/// Reads, makes, and removes one kind of channel.
macro_rules! channel {
    ($run:expr, $app:expr, $get:ident $update:ident $delete:ident => $response:ident, $request:ident: $shape:expr) => {
        missing!($run, $get, application_id: $app);
        let made = happy!($run, $update => $response, application_id: $app, $request: $shape);
        assert_eq!(happy!($run, $get => $response, application_id: $app), made);
        assert_eq!(made.enabled(), Some(true));
        missing!($run, $update, application_id: NOWHERE, $request: $shape);
        let gone = happy!($run, $delete => $response, application_id: $app);
        assert_eq!(gone.platform(), made.platform());
        missing!($run, $delete, application_id: $app);
    };
}

macro_rules! apns {
    ($name:ident) => {
        shape!($name {
            bundle_id: "com.example",
            team_id: "TEAM123456",
            token_key_id: "KEY1234567",
            token_key: "x",
            enabled: true
        })
    };
}

pub async fn play(run: Arc<Run>) {
    let app = &run.new_app().await;
    channel!(
        run, app, get_adm_channel update_adm_channel delete_adm_channel => adm_channel_response,
        adm_channel_request: shape!(AdmChannelRequest { client_id: "i", client_secret: "s", enabled: true })
    );
    channel!(
        run, app, get_apns_channel update_apns_channel delete_apns_channel => apns_channel_response,
        apns_channel_request: apns!(ApnsChannelRequest)
    );
    channel!(
        run, app, get_apns_sandbox_channel update_apns_sandbox_channel delete_apns_sandbox_channel
            => apns_sandbox_channel_response,
        apns_sandbox_channel_request: apns!(ApnsSandboxChannelRequest)
    );
    channel!(
        run, app, get_apns_voip_channel update_apns_voip_channel delete_apns_voip_channel => apns_voip_channel_response,
        apns_voip_channel_request: apns!(ApnsVoipChannelRequest)
    );
    channel!(
        run, app, get_apns_voip_sandbox_channel update_apns_voip_sandbox_channel delete_apns_voip_sandbox_channel
            => apns_voip_sandbox_channel_response,
        apns_voip_sandbox_channel_request: apns!(ApnsVoipSandboxChannelRequest)
    );
    channel!(
        run, app, get_baidu_channel update_baidu_channel delete_baidu_channel => baidu_channel_response,
        baidu_channel_request: shape!(BaiduChannelRequest { api_key: "k", secret_key: "s", enabled: true })
    );
    channel!(
        run, app, get_email_channel update_email_channel delete_email_channel => email_channel_response,
        email_channel_request:
            shape!(EmailChannelRequest { from_address: "news@example.com", identity: "i", enabled: true })
    );
    channel!(
        run, app, get_gcm_channel update_gcm_channel delete_gcm_channel => gcm_channel_response,
        gcm_channel_request: shape!(GcmChannelRequest { service_json: "x", enabled: true })
    );
    channel!(
        run, app, get_sms_channel update_sms_channel delete_sms_channel => sms_channel_response,
        sms_channel_request: shape!(SmsChannelRequest { sender_id: "SHOP", enabled: true })
    );
    channel!(
        run, app, get_voice_channel update_voice_channel delete_voice_channel => voice_channel_response,
        voice_channel_request: shape!(VoiceChannelRequest { enabled: true })
    );
    let none = happy!(run, get_channels => channels_response, application_id: app);
    assert!(none.channels().unwrap().is_empty());
    missing!(run, get_channels, application_id: NOWHERE);
    let wrong = shape!(EmailChannelRequest { from_address: "nobody", identity: "i" });
    bad!(run, update_email_channel, application_id: app, email_channel_request: wrong);
}
