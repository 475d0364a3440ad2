//! What providers told of text messages.

use serde_json::json;

use super::endpoint::Endpoint;
use super::envelope::Envelope;
use super::event::Document;

const PRICE: &str = "price_in_millicents_usd";

/// Makes a record that of a text message. Its attributes are kept by the names that records have.
pub(super) fn fill(envelope: &mut Envelope<'_>, mut event: Document, endpoint: &Endpoint<'_>) {
    envelope.attributes = event.attributes();
    envelope.metrics = event.metrics();
    if let Some(price) = envelope.attributes.remove(PRICE).and_then(|price| price.parse::<f64>().ok())
        && price.is_finite()
    {
        envelope.metrics.insert(PRICE.to_owned(), price);
    }
    if let Some(user_id) = endpoint.user_id() {
        let context = json!({ "userId": user_id }).to_string();
        envelope.attributes.entry("customer_context".to_owned()).or_insert(context);
    }
}
