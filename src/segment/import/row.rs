//! One line of an import file, whatever its format.

use xxhash_rust::xxh3::xxh3_128;

use crate::domain::{ChannelType, EndpointUpdate};
use crate::store::EndpointWrite;
use crate::wire::endpoint_update::Item;
use crate::wire::invalid::{Invalid, Problem};

/// What a line asks for.
#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all rows are endpoints: boxes would save nothing")]
pub(super) enum Row {
    Endpoint(EndpointWrite),
    /// All endpoints of these users are meant, none is written.
    Users(Vec<String>),
}

impl Row {
    /// Shape: an endpoint without an id gets one from its channel type and address, so that importing a file twice
    /// makes no second endpoint.
    pub(super) fn new(item: Item) -> Result<Self, Invalid> {
        let Item { id, mut update } = item;
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            return Ok(Self::Endpoint(EndpointWrite { id, update }));
        }
        if let (Some(channel_type), Some(address)) = (update.channel_type, update.address.as_deref()) {
            return Ok(Self::Endpoint(EndpointWrite { id: derived_id(channel_type, address), update }));
        }
        let user_id = update.user.id.take();
        match user_id {
            Some(user_id) if update == EndpointUpdate::default() => Ok(Self::Users(vec![user_id])),
            _ => Err(Problem::Missing { rule: "without it `ChannelType` and `Address` are needed" }.at("Id")),
        }
    }
}

fn derived_id(channel_type: ChannelType, address: &str) -> String {
    let mut key = format!("{channel_type}\0");
    match channel_type {
        // Addresses that are the same to the store give the same id.
        ChannelType::Email => key.push_str(&address.to_lowercase()),
        _ => key.push_str(address),
    }
    format!("{:032x}", xxh3_128(key.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::endpoint_update;

    fn row(json: &str) -> Result<Row, String> {
        Row::new(endpoint_update::read(json.as_bytes()).unwrap()).map_err(|error| error.to_string())
    }

    fn id(json: &str) -> String {
        match row(json) {
            Ok(Row::Endpoint(write)) => write.id,
            other => panic!("{other:?} is no endpoint"),
        }
    }

    #[test]
    fn an_id_is_derived_from_channel_and_address() {
        let derived = id(r#"{"ChannelType":"EMAIL","Address":"Ann@Example.com"}"#);
        assert_eq!(derived.len(), 32);
        assert_eq!(derived, id(r#"{"Id":"","ChannelType":"EMAIL","Address":"ann@example.com","OptOut":"ALL"}"#));
        assert_ne!(derived, id(r#"{"ChannelType":"CUSTOM","Address":"ann@example.com"}"#));
        assert_ne!(id(r#"{"ChannelType":"GCM","Address":"a"}"#), id(r#"{"ChannelType":"GCM","Address":"A"}"#));
        assert_eq!(id(r#"{"Id":"e","ChannelType":"GCM","Address":"a"}"#), "e");
        assert_eq!(id(r#"{"Id":"e"}"#), "e");
    }

    #[test]
    fn a_user_alone_means_their_endpoints() {
        assert_eq!(row(r#"{"User":{"UserId":"u"}}"#), Ok(Row::Users(vec!["u".into()])));
        let refusal = Err("Id: missing, without it `ChannelType` and `Address` are needed".to_owned());
        for json in [
            "{}",
            r#"{"Address":"a"}"#,
            r#"{"ChannelType":"SMS"}"#,
            r#"{"User":{"UserId":"u","UserAttributes":{"a":["b"]}}}"#,
        ] {
            assert_eq!(row(json), refusal, "{json}");
        }
    }
}
