//! Direct messages, one-time passwords, phone numbers.

use std::sync::Arc;

use aws_sdk_pinpoint::types::{ChannelType, DeliveryStatus};

use super::{NOWHERE, Run, bad, happy, missing, shape};

pub async fn play(run: Arc<Run>) {
    let app = &run.new_app().await;
    let channel = shape!(SmsChannelRequest { enabled: true });
    happy!(run, update_sms_channel => sms_channel_response, application_id: app, sms_channel_request: channel);
    let number = "+4915112345678";
    let user = shape!(EndpointUser { user_id: "u" });
    let endpoint = shape!(EndpointRequest { address: number, channel_type: ChannelType::Sms, user: user });
    happy!(
        run, update_endpoint => message_body, application_id: app, endpoint_id: "e", endpoint_request: endpoint,
    );
    let message = shape!(DirectMessageConfiguration { sms_message: shape!(SmsMessage { body: "Hello" }) });
    let address = shape!(AddressConfiguration { channel_type: ChannelType::Sms });
    let request = shape!(MessageRequest { addresses: number => address, message_configuration: message.clone() });
    let answer = happy!(run, send_messages => message_response, application_id: app, message_request: request.clone());
    assert_eq!(answer.result().unwrap()[number].delivery_status(), Some(&DeliveryStatus::Successful));
    missing!(run, send_messages, application_id: NOWHERE, message_request: request);

    let endpoint = shape!(EndpointSendConfiguration {});
    let request = shape!(SendUsersMessageRequest { users: "u" => endpoint, message_configuration: message });
    let answer = happy!(
        run, send_users_messages => send_users_message_response,
        application_id: app, send_users_message_request: request,
    );
    assert_eq!(answer.result().unwrap()["u"]["e"].delivery_status(), Some(&DeliveryStatus::Successful));

    let otp = |digits: i32| {
        shape!(SendOtpMessageRequestParameters {
            brand_name: "Shop",
            channel: "SMS",
            destination_identity: number,
            origination_identity: "+4930123456",
            reference_id: "login-1",
            code_length: digits,
        })
    };
    happy!(
        run, send_otp_message => message_response,
        application_id: app, send_otp_message_request_parameters: otp(6),
    );
    bad!(run, send_otp_message, application_id: app, send_otp_message_request_parameters: otp(9));
    let wrong = shape!(VerifyOtpMessageRequestParameters {
        destination_identity: number,
        reference_id: "login-1",
        otp: "no digits",
    });
    let answer = happy!(
        run, verify_otp_message => verification_response,
        application_id: app, verify_otp_message_request_parameters: wrong,
    );
    assert_eq!(answer.valid(), Some(false));

    let request = shape!(NumberValidateRequest { phone_number: "0151 12345678", iso_country_code: "DE" });
    let found = happy!(run, phone_number_validate => number_validate_response, number_validate_request: request);
    assert_eq!(found.cleansed_phone_number_e164(), Some(number));
    bad!(run, phone_number_validate, number_validate_request: shape!(NumberValidateRequest {}));
}
