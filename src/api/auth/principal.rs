//! Who sent a request, and what they may do.

use std::sync::Arc;

use super::{Error, Service};
use crate::domain::ApplicationId;
use crate::store::{AccessKey, Owner, Policy};

/// What the users of an application may do.
///
/// Source: Pinpoint developer guide, "IAM policies for Amazon Pinpoint", the policy for app users.
pub const APPLICATION_OPERATIONS: [&str; 3] = ["GetInAppMessages", "PutEvents", "UpdateEndpoint"];

/// What a user may do with a temporary key: the same and a little more, since it is with their own endpoints alone.
pub const USER_OPERATIONS: [&str; 6] =
    ["GetEndpoint", "GetInAppMessages", "GetUserEndpoints", "PutEvents", "UpdateEndpoint", "UpdateEndpointsBatch"];

/// Events that the server alone makes, of what campaigns send and of what providers report. Source: Pinpoint developer guide,
/// "Event stream"; `_endpoint.` is ours.
const SERVER_EVENTS: [&str; 2] = ["_campaign.send", "_journey.send"];
const SERVER_EVENT_FAMILIES: [&str; 3] = ["_email.", "_SMS.", "_endpoint."];

/// Who sent a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Principal {
    /// The key that signed; when nothing is verified, the one that is named, if any.
    pub key_id: Option<String>,
    pub grant: Grant,
}

/// What somebody may do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Grant {
    /// What a key's policy allows.
    Policy(Policy),
    /// What is a user's own.
    User(User),
}

/// A user whom a provider vouched for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct User {
    /// `User.UserId` of their endpoints.
    pub id: String,
    pub applications: Arc<[ApplicationId]>,
    /// Whether endpoints without a user may become theirs.
    pub may_adopt: bool,
}

impl From<AccessKey> for Principal {
    fn from(key: AccessKey) -> Self {
        Self { key_id: Some(key.id), grant: Grant::Policy(key.policy) }
    }
}

impl Principal {
    /// Whether this operation of Lambda is allowed. Functions are code that runs here: they are for administrators alone.
    ///
    /// Errors: [`Denied`](Error::Denied).
    pub fn may_call_lambda(&self, operation: &str) -> Result<(), Error> {
        match &self.grant {
            Grant::Policy(Policy::Administrator) => Ok(()),
            Grant::Policy(Policy::Application(_)) | Grant::User(_) => {
                Err(self.denied(Service::Lambda, operation, None))
            }
        }
    }

    /// Whether this operation of Pinpoint is allowed, on this application if it has one. With what of it, a user's
    /// operation still has to look at: [`owner`](Self::owner).
    ///
    /// Errors: [`Denied`](Error::Denied).
    pub fn may(&self, operation: &str, application: Option<&ApplicationId>) -> Result<(), Error> {
        let allowed = match &self.grant {
            Grant::Policy(Policy::Administrator) => true,
            Grant::Policy(Policy::Application(own)) => {
                APPLICATION_OPERATIONS.contains(&operation) && application == Some(own)
            }
            Grant::User(User { applications, .. }) => {
                USER_OPERATIONS.contains(&operation) && application.is_some_and(|id| applications.contains(id))
            }
        };
        if allowed {
            return Ok(());
        }
        Err(self.denied(Service::Pinpoint, operation, application))
    }

    /// Whether events of this type are taken. Who is no administrator may report what happens in an app, but not what becomes of
    /// messages: campaigns and readers of the event stream take that for true. Others may compare types without their case.
    pub fn may_report(&self, event_type: &str) -> bool {
        let is_of =
            |family: &str| event_type.get(..family.len()).is_some_and(|start| start.eq_ignore_ascii_case(family));
        self.grant == Grant::Policy(Policy::Administrator)
            || !SERVER_EVENTS.iter().any(|own| own.eq_ignore_ascii_case(event_type))
                && !SERVER_EVENT_FAMILIES.into_iter().any(is_of)
    }

    /// Whose endpoints the request may be about; `None` for all.
    pub fn owner(&self) -> Option<Owner> {
        match &self.grant {
            Grant::Policy(_) => None,
            Grant::User(User { id, may_adopt, .. }) => Some(Owner { user_id: id.clone(), may_adopt: *may_adopt }),
        }
    }

    fn denied(&self, service: Service, operation: &str, application: Option<&ApplicationId>) -> Error {
        Error::Denied {
            key_id: self.key_id.clone().unwrap_or_default(),
            action: format!("{}:{operation}", service.name()),
            application: application.map(|id| id.as_str().to_owned()),
        }
    }
}
