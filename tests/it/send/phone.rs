//! Phone numbers are read by their numbering plan.

use pinwheel::sandbox::function;
use serde_json::json;

use super::Server;
use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_validated() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    let server = Server::start(&app).await;
    let request = json!({"PhoneNumber": "07400 123456", "IsoCountryCode": "GB"});
    let (status, answer) = server.call("POST", "/v1/phone/number/validate", Some(&request)).await;
    let expected = json!({
        "CleansedPhoneNumberE164": "+447400123456", "CleansedPhoneNumberNational": "7400123456",
        "CountryCodeIso2": "GB", "CountryCodeNumeric": "44", "OriginalCountryCodeIso2": "GB",
        "OriginalPhoneNumber": "07400 123456", "PhoneType": "MOBILE", "PhoneTypeCode": 0,
    });
    assert_eq!((status, answer), (200, expected));
    let (status, answer) = server.call("POST", "/v1/phone/number/validate", Some(&json!({}))).await;
    assert_eq!((status, &answer["Message"]), (400, &json!("PhoneNumber: missing, it is required")));
}
