//! A hook in Rust, as for AWS Lambda: built as `bootstrap`, it runs there and as a local function of Pinwheel.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handler)).await
}

/// Lets everybody through but those who opted out, with a greeting for the message to show.
async fn handler(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, _) = event.into_parts();
    let Value::Object(mut endpoints) = event["Endpoints"].clone() else {
        return Err("the event has no endpoints".into());
    };
    endpoints.retain(|_, endpoint| endpoint["OptOut"] != "ALL");
    for endpoint in endpoints.values_mut() {
        endpoint["Attributes"]["Greeting"] = json!(["hello"]);
    }
    Ok(endpoints.into())
}
