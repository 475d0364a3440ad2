//! Where the generated code departs from the model or adds to it, each with its reason.

/// Values that an enumeration takes besides the model's: shape, value, reason.
pub const EXTRA_VALUES: &[(&str, &str, &str)] =
    &[("AttributeType", "NOT_BETWEEN", "the API reference lists it; the model lags behind")];

/// Members whose text must never be shown, in whichever shape: member, reason.
pub const SECRETS: &[(&str, &str)] = &[
    ("ApiKey", "opens GCM and Baidu accounts"),
    ("Certificate", "comes with the private key of an APNs account, sometimes in one file"),
    ("ClientSecret", "opens ADM accounts"),
    ("Credential", "is the `ApiKey`, shown again"),
    ("Otp", "is a password, if a short-lived one"),
    ("PrivateKey", "opens APNs accounts"),
    ("SecretKey", "opens Baidu accounts"),
    ("ServiceJson", "holds the private key of a Firebase account"),
    ("TokenKey", "signs for APNs accounts"),
];

/// Operations whose body is handed on as it came: operation, reason.
pub const RAW_BODIES: &[(&str, &str)] = &[
    ("PutEvents", "on the hot path; its endpoints are read leniently"),
    ("UpdateEndpoint", "on the hot path, and read leniently"),
    ("UpdateEndpointsBatch", "on the hot path, and read leniently"),
];

/// Operations that answer with JSON as it was stored or copied together: operation, reason.
pub const RAW_ANSWERS: &[(&str, &str)] = &[
    ("DeleteEndpoint", "the stored document, copied as bytes"),
    ("DeleteUserEndpoints", "stored documents, copied as bytes"),
    ("GetEndpoint", "the stored document, copied as bytes"),
    ("GetUserEndpoints", "stored documents, copied as bytes"),
    ("PutEvents", "on the hot path"),
];

/// The traits and what their operations' paths hold; the first that fits counts.
pub const GROUPS: &[(&str, &str)] = &[
    ("/kpis/", "Kpis"),
    ("/inappmessages", "Events"),
    ("/channels", "Channels"),
    ("/campaigns", "Campaigns"),
    ("/segments", "Segments"),
    ("/jobs/", "Jobs"),
    ("/endpoints", "Endpoints"),
    ("/users/", "Endpoints"),
    ("/attributes/", "Endpoints"),
    ("/eventstream", "EventStreams"),
    ("/events", "Events"),
    ("/messages", "Messages"),
    ("/users-messages", "Messages"),
    ("/otp", "Messages"),
    ("/verify-otp", "Messages"),
    ("/phone/", "Messages"),
    ("/templates", "Templates"),
    ("/journeys", "Journeys"),
    ("/recommenders", "Recommenders"),
    ("/tags/", "Tags"),
    ("/apps", "Apps"),
];

/// The trait that holds the operation with this path.
pub fn group(path: &str) -> &'static str {
    let found = GROUPS.iter().find(|(part, _)| path.contains(part));
    found.unwrap_or_else(|| panic!("no group for `{path}`")).1
}

pub fn is_raw_body(operation: &str) -> bool {
    RAW_BODIES.iter().any(|(name, _)| *name == operation)
}

pub fn is_raw_answer(operation: &str) -> bool {
    RAW_ANSWERS.iter().any(|(name, _)| *name == operation)
}

pub fn is_secret(member: &str) -> bool {
    SECRETS.iter().any(|(name, _)| *name == member)
}

#[cfg(test)]
mod tests {
    use super::super::model::Model;
    use super::*;

    /// An entry that fits nothing would protect nothing.
    #[test]
    fn every_entry_names_something() {
        let model = Model::read();
        for (operation, _) in RAW_BODIES {
            assert!(model.request(&model.operations[*operation]).is_some(), "{operation}");
        }
        for (operation, _) in RAW_ANSWERS {
            assert!(model.response(&model.operations[*operation]).is_some(), "{operation}");
        }
        for (secret, _) in SECRETS {
            assert!(model.shapes.values().any(|shape| shape.members.contains_key(*secret)), "{secret}");
        }
        for (part, name) in GROUPS {
            let mut paths = model.operations.values().map(|operation| &operation.http.request_uri);
            assert!(paths.any(|path| path.contains(part) && group(path) == *name), "{part}");
        }
    }
}
