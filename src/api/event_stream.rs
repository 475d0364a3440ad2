//! The event stream of an application: where its events are to go. `campaign/stream` delivers them.

use serde_json::{Map, Value, json};

use super::change::{self, Changed, change};
use super::{Call, Error};
use crate::campaign::stream::ID;
use crate::domain::ApplicationId;
use crate::store::{Definition, Kind, Versioning};
use crate::wire::generated::{self as wire, EventStreams};

impl EventStreams for Call<'_> {
    async fn put_event_stream(&self, input: wire::PutEventStreamInput) -> Result<wire::EventStream, Error> {
        let owner = self.application_id(&input.application_id).await?;
        let wire::WriteEventStream { destination_stream_arn, role_arn } = input.body;
        check(&destination_stream_arn, &role_arn)?;
        let document = json!({
            "DestinationStreamArn": destination_stream_arn,
            "RoleArn": role_arn,
            "LastUpdatedBy": self.principal.key_id,
        })
        .to_string();
        let _change = self.api.engine.streams().change(&owner).await;
        if change::latest(self.store(), Some(&owner), Kind::EventStream, ID).await?.is_none() {
            // It tells what happens from now on. One that is there goes on where it is, also to another destination.
            self.store().begin_stream(&owner).await?;
        }
        let now = self.now();
        let written = change(self.store(), Some(&owner), Kind::EventStream, ID, &now, |_| {
            Ok(Changed { document: document.clone(), versioning: Versioning::Latest, value: () })
        });
        let (written, ()) = written.await?;
        response(&owner, &written)
    }

    async fn get_event_stream(&self, input: wire::GetEventStreamInput) -> Result<wire::EventStream, Error> {
        let owner = self.application_id(&input.application_id).await?;
        self.event_stream(&owner).await
    }

    async fn delete_event_stream(&self, input: wire::DeleteEventStreamInput) -> Result<wire::EventStream, Error> {
        let owner = self.application_id(&input.application_id).await?;
        let _change = self.api.engine.streams().change(&owner).await;
        let found = change::latest(self.store(), Some(&owner), Kind::EventStream, ID).await?;
        self.store().delete_definition(Some(&owner), Kind::EventStream, ID).await?;
        // Also if there is none: a call that was cut off may have left the rest.
        self.store().end_stream(&owner).await?;
        response(&owner, &found.ok_or_else(Error::not_found)?)
    }
}

impl Call<'_> {
    async fn event_stream(&self, owner: &ApplicationId) -> Result<wire::EventStream, Error> {
        let found = change::latest(self.store(), Some(owner), Kind::EventStream, ID).await?;
        response(owner, &found.ok_or_else(Error::not_found)?)
    }
}

fn response(owner: &ApplicationId, stream: &Definition) -> Result<wire::EventStream, Error> {
    let mut document: Map<String, Value> = serde_json::from_str(&stream.document).map_err(Error::internal)?;
    document.insert("ApplicationId".to_owned(), owner.as_str().into());
    document.insert("LastModifiedDate".to_owned(), stream.last_modified_date.as_str().into());
    serde_json::from_value(Value::Object(document)).map_err(Error::internal)
}

/// Errors: a destination that is neither a Kinesis stream nor a Firehose one, a role that is none.
/// Source: API reference, `WriteEventStream`.
fn check(destination: &str, role: &str) -> Result<(), Error> {
    let parts = |arn: &'_ str| arn.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let is_arn = |text: &str, services: &[(&str, &str)]| {
        let parts = parts(text);
        parts.len() == 6
            && parts[0] == "arn"
            && services.iter().any(|(service, resource)| {
                parts[2] == *service && parts[5].strip_prefix(resource).is_some_and(|name| !name.is_empty())
            })
    };
    if !is_arn(destination, &[("kinesis", "stream/"), ("firehose", "deliverystream/")]) {
        let problem = "is not the ARN of a Kinesis data stream or a Firehose delivery stream";
        return Err(Error::bad_request(format!("DestinationStreamArn: `{destination}` {problem}")));
    }
    if !is_arn(role, &[("iam", "role/")]) {
        return Err(Error::bad_request(format!("RoleArn: `{role}` is not the ARN of an IAM role")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_streams_and_roles_are_roles() {
        let role = "arn:aws:iam::111122223333:role/stream";
        for good in [
            "arn:aws:kinesis:us-east-1:111122223333:stream/events",
            "arn:aws:firehose:us-east-1:111122223333:deliverystream/events",
            "arn:aws-cn:kinesis:cn-north-1:111122223333:stream/events",
        ] {
            assert!(check(good, role).is_ok(), "{good}");
        }
        for bad in [
            "",
            "events",
            "arn:aws:sqs:us-east-1:111122223333:events",
            "arn:aws:kinesis:us-east-1:111122223333:deliverystream/events",
            "arn:aws:kinesis:us-east-1:111122223333:stream/",
        ] {
            assert!(check(bad, role).unwrap_err().message().starts_with("DestinationStreamArn: "), "{bad}");
        }
        let stream = "arn:aws:kinesis:us-east-1:111122223333:stream/events";
        for bad in ["", "role/stream", "arn:aws:iam::111122223333:user/stream"] {
            assert!(check(stream, bad).unwrap_err().message().starts_with("RoleArn: "), "{bad}");
        }
    }
}
