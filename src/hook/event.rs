//! What functions are sent: stored documents, copied between commas.
//!
//! Everything but the endpoints is the same for all batches of an activity and is printed once, into a [`Head`].

use bytes::Bytes;
use serde::Serialize;

use super::Error;
use crate::domain::limit::HOOK_PAYLOAD_BYTES_MAX;
use crate::domain::{ActivityId, ApplicationId, CampaignId, TreatmentId};

/// An endpoint as it goes into an event: its id and its stored document.
pub type Member<'a> = (&'a str, &'a [u8]);

/// The run an event belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    pub application_id: &'a ApplicationId,
    pub campaign_id: &'a CampaignId,
    pub treatment_id: &'a TreatmentId,
    pub activity_id: &'a ActivityId,
    /// When the messages are due; wire text.
    pub scheduled_time: &'a str,
}

/// All of an event that comes before its endpoints.
#[derive(Clone, Debug)]
pub struct Head(Vec<u8>);

impl Head {
    /// The head of a FILTER event.
    ///
    /// Shape: `message_configuration` prints as the direct flavour's `DirectMessageConfiguration`; `{}` for templates.
    /// Panics: when it cannot be printed as JSON.
    /// Source: Pinpoint developer guide, "Customizing segments with AWS Lambda". Functions are written against exactly
    /// these members, so there are no others.
    pub fn filter(message_configuration: &impl Serialize, run: &Run<'_>) -> Self {
        let mut head = Self(Vec::with_capacity(1024));
        head.member("MessageConfiguration", message_configuration);
        head.run(run);
        head
    }

    /// The head of an event for the custom channel. `data` is passed on as it is, and left out when not set.
    ///
    /// Source: Pinpoint developer guide, "Creating custom channels with webhooks or Lambda functions".
    pub fn custom(data: Option<&str>, run: &Run<'_>) -> Self {
        let mut head = Self(Vec::with_capacity(1024));
        // Pinpoint's own events have it, and it is always empty.
        head.member("Message", &serde_json::Map::new());
        if let Some(data) = data {
            head.member("Data", data);
        }
        head.run(run);
        head
    }

    /// A whole event.
    ///
    /// Errors: [`Error::Refused`] when it is longer than functions take.
    pub fn event(&self, members: &[Member<'_>]) -> Result<Bytes, Error> {
        // Quotes, colon and comma of each member, and the two closing braces; ids that need escaping are rare.
        let bytes =
            self.0.len() + members.iter().map(|(id, document)| id.len() + document.len() + 4).sum::<usize>() + 2;
        let mut event = Vec::with_capacity(bytes);
        event.extend_from_slice(&self.0);
        for (position, (id, document)) in members.iter().enumerate() {
            if position > 0 {
                event.push(b',');
            }
            print(&mut event, id);
            event.push(b':');
            event.extend_from_slice(document);
        }
        event.extend_from_slice(b"}}");
        if event.len() > HOOK_PAYLOAD_BYTES_MAX {
            return Err(Error::Refused(format!(
                "the event has {} bytes, and at most {HOOK_PAYLOAD_BYTES_MAX} are allowed",
                event.len()
            )));
        }
        Ok(event.into())
    }

    fn run(&mut self, run: &Run<'_>) {
        self.member("ApplicationId", run.application_id.as_str());
        self.member("CampaignId", run.campaign_id.as_str());
        self.member("TreatmentId", run.treatment_id.as_str());
        self.member("ActivityId", run.activity_id.as_str());
        self.member("ScheduledTime", run.scheduled_time);
        self.0.extend_from_slice(br#","Endpoints":{"#);
    }

    fn member(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        print(&mut self.0, name);
        self.0.push(b':');
        print(&mut self.0, value);
    }
}

fn print(json: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(json, value).expect("message configurations and text are JSON");
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const FILTER: &str = include_str!("../../tests/data/hook-examples/filter-event.json");
    const CUSTOM: &str = include_str!("../../tests/data/hook-examples/custom-delivery-event.json");

    /// Top-level members with their values, in document order, compact.
    fn members(json: &str) -> Vec<(String, Value)> {
        let mut names: Vec<(usize, String)> = serde_json::from_str::<serde_json::Map<String, Value>>(json)
            .unwrap()
            .keys()
            .map(|name| (json.find(&format!("\"{name}\":")).unwrap(), name.clone()))
            .collect();
        names.sort();
        let value: Value = serde_json::from_str(json).unwrap();
        names.into_iter().map(|(_, name)| (name.clone(), value[&name].clone())).collect()
    }

    fn rebuild(example: &str, head: impl Fn(&Value, &Run<'_>) -> Head) -> String {
        let value: Value = serde_json::from_str(example).unwrap();
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        let head = head(
            &value,
            &Run {
                application_id: &ApplicationId::new(text("ApplicationId")),
                campaign_id: &CampaignId::new(text("CampaignId")),
                treatment_id: &TreatmentId::new(text("TreatmentId")),
                activity_id: &ActivityId::new(text("ActivityId")),
                scheduled_time: &text("ScheduledTime"),
            },
        );
        let documents: Vec<(String, Vec<u8>)> = value["Endpoints"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(id, endpoint)| (id.clone(), serde_json::to_vec(endpoint).unwrap()))
            .collect();
        let members: Vec<Member<'_>> =
            documents.iter().map(|(id, document)| (id.as_str(), document.as_slice())).collect();
        String::from_utf8(head.event(&members).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_filter_event_has_the_documented_members_in_order() {
        let event = rebuild(FILTER, |value, run| Head::filter(&value["MessageConfiguration"], run));
        assert_eq!(members(&event), members(FILTER));
        assert_eq!(members(&event).len(), 7);
    }

    #[test]
    fn a_custom_event_has_the_documented_members_in_order() {
        let event = rebuild(CUSTOM, |value, run| Head::custom(value["Data"].as_str(), run));
        assert_eq!(members(&event), members(CUSTOM));
        let event = rebuild(CUSTOM, |_, run| Head::custom(None, run));
        assert!(event.starts_with(r#"{"Message":{},"ApplicationId":"#), "{event}");
    }

    #[test]
    fn ids_are_escaped_and_documents_are_copied() {
        let event = run_head().event(&[("a\"\\\n", br#"{"x": 1.0}"#), ("b", b"{}")]).unwrap();
        let event = std::str::from_utf8(&event).unwrap();
        assert!(event.ends_with(r#""Endpoints":{"a\"\\\n":{"x": 1.0},"b":{}}}"#), "{event}");
    }

    #[test]
    fn an_event_over_six_megabytes_is_refused() {
        let document = vec![b' '; HOOK_PAYLOAD_BYTES_MAX];
        assert!(matches!(run_head().event(&[("id", &document)]), Err(Error::Refused(_))));
    }

    fn run_head() -> Head {
        Head::filter(
            &json!({}),
            &Run {
                application_id: &ApplicationId::new("a"),
                campaign_id: &CampaignId::new("c"),
                treatment_id: &TreatmentId::new("0"),
                activity_id: &ActivityId::new("r"),
                scheduled_time: "2026-03-01T09:00:00.000Z",
            },
        )
    }
}
