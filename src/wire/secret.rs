//! Text that is never shown.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A credential of a request. On the wire it is plain text; printed, it is not shown.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::generated::{GCMChannelRequest, UpdateGcmChannelInput};

    #[test]
    fn a_credential_is_read_and_written_but_never_printed() {
        let json = r#"{"ApiKey":"hush-1","ServiceJson":"hush-2"}"#;
        let request: GCMChannelRequest = serde_json::from_str(json).unwrap();
        assert_eq!(request.service_json.as_ref().unwrap().expose(), "hush-2");
        assert_eq!(serde_json::to_string(&request).unwrap(), json);
        let input = UpdateGcmChannelInput { application_id: "a1".to_owned(), body: request };
        let printed = format!("{input:?}");
        assert!(printed.contains("service_json: Some([secret])") && !printed.contains("hush"), "{printed}");
    }
}
