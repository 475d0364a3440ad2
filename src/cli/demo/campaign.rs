//! The demo's segment and campaign, as a client would write them.

use serde_json::{Value, json};

/// The segment's id.
pub const SEGMENT_ID: &str = "5e93e27de3f04eaabb50c1d5d3a0a5ba";
/// The FILTER hook's function.
pub const HOOK_FUNCTION: &str = "pinwheel-demo-filter";
/// The function that the custom channel delivers to.
pub const DELIVERY_FUNCTION: &str = "pinwheel-demo-delivery";

/// Everybody with a tier: all of the sample, but found by looking at each endpoint.
pub fn segment() -> Value {
    json!({
        "Name": "Everybody with a tier",
        "Dimensions": {
            "Attributes": { "Tier": { "AttributeType": "INCLUSIVE", "Values": ["bronze", "silver", "gold"] } }
        }
    })
}

/// The campaign as the store keeps it.
pub fn document(hook: Option<Value>) -> Value {
    let push = json!({
        "Action": "URL",
        "Title": "Spring sale",
        "Body": "{{User.UserAttributes.FirstName}}, 20% off until Sunday.",
        "Url": "https://example.com/sale/spring"
    });
    let mut campaign = json!({
        "Name": "Spring sale",
        "SegmentId": SEGMENT_ID,
        "Schedule": { "StartTime": "IMMEDIATE" },
        "HoldoutPercent": 5,
        "MessageConfiguration": {
            "GCMMessage": push,
            "APNSMessage": push,
            "ADMMessage": push,
            "SMSMessage": { "Body": "Example Shop: 20% off until Sunday. example.com/s" },
            "EmailMessage": {
                "Title": "Spring sale",
                "Body": "Hello {{User.UserAttributes.FirstName}}, 20% off until Sunday.",
                "HtmlBody": "<p>Hello {{User.UserAttributes.FirstName}}, 20% off until Sunday.</p>"
            },
            "CustomMessage": { "Data": "{\"coupon\":\"SPRING20\"}" }
        },
        "CustomDeliveryConfiguration": { "DeliveryUri": DELIVERY_FUNCTION, "EndpointTypes": ["CUSTOM"] }
    });
    if let Some(hook) = hook {
        campaign["Hook"] = hook;
    }
    json!({ "Campaign": campaign })
}
