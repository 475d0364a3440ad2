//! Endpoints.
//!
//! Requests arrive as bytes and are parsed once; answers are stored documents, copied. The application is not looked up:
//! the store tells of an unknown one when it writes, and one that is not there has no endpoints to read.
//!
//! A batch is checked as a whole before anything is written. What only the store can refuse (one endpoint too many of a
//! user or one attribute name too many, an endpoint that grows too large) concerns single endpoints: the others are written
//! all the same, and the answer is a 400 which says so and names the refused ones. 202 always means that all were written.
//! To send the whole batch again is harmless.

use std::fmt::Write;

use super::{Call, Error};
use crate::domain::limit::ATTRIBUTE_NAMES_MAX;
use crate::domain::{ApplicationId, EndpointNumber, glob};
use crate::store::upsert::Places;
use crate::store::{AttributeGroup, EndpointPage, EndpointRef, EndpointWrite, Refused};
use crate::wire::body::Json;
use crate::wire::endpoint_batch;
use crate::wire::endpoint_update::{self, append_response};
use crate::wire::generated::{self as wire, Endpoints};
use crate::wire::invalid::{Problem, id_bytes};

/// What `RemoveAttributes` calls the groups of attributes.
const GROUPS: [(&str, AttributeGroup); 3] = [
    ("endpoint-custom-attributes", AttributeGroup::Endpoint),
    ("endpoint-metric-attributes", AttributeGroup::Metric),
    ("endpoint-user-attributes", AttributeGroup::User),
];

impl Endpoints for Call<'_> {
    async fn get_endpoint(&self, input: wire::GetEndpointInput) -> Result<Json, Error> {
        let application = ApplicationId::new(input.application_id);
        let page = self.visible_endpoint(&application, &input.endpoint_id).await?;
        one(&application, &page)
    }

    async fn update_endpoint(&self, input: wire::UpdateEndpointInput) -> Result<wire::MessageBody, Error> {
        // The id of the path counts; the shape has none, so one in the body is passed over like any unknown member.
        let id = input.endpoint_id;
        id_bytes(&id).map_err(|problem| problem.at("endpoint-id"))?;
        let update = endpoint_update::read(&input.body)?.update;
        let application = ApplicationId::new(input.application_id);
        let write = self.endpoint_write(id, update);
        let results = self.upsert_endpoints(&application, vec![write], self.now()).await?;
        results.into_iter().try_for_each(|result| result.map(drop))?;
        Ok(self.message_body("Accepted"))
    }

    async fn update_endpoints_batch(&self, input: wire::UpdateEndpointsBatchInput) -> Result<wire::MessageBody, Error> {
        let updates = endpoint_batch::read(&input.body)?;
        let writes: Vec<_> = updates.into_iter().map(|(id, update)| self.endpoint_write(id, update)).collect();
        let ids: Vec<_> = writes.iter().map(|write| write.id.clone()).collect();
        let application = ApplicationId::new(input.application_id);
        let results = self.upsert_endpoints(&application, writes, self.now()).await?;
        match refusals(&ids, &results) {
            None => Ok(self.message_body("Accepted")),
            Some(message) if results.contains(&Err(Refused::NotOwned)) => Err(Error::access_denied(message)),
            Some(message) => Err(Error::bad_request(message)),
        }
    }

    async fn delete_endpoint(&self, input: wire::DeleteEndpointInput) -> Result<Json, Error> {
        let application = ApplicationId::new(input.application_id);
        let page = self.store().endpoint(&application, &input.endpoint_id).await?;
        let deleted = one(&application, &page)?;
        // Somebody else may have been faster.
        match self.store().delete_endpoints(&application, vec![input.endpoint_id]).await? {
            0 => Err(Error::not_found()),
            _ => Ok(deleted),
        }
    }

    async fn get_user_endpoints(&self, input: wire::GetUserEndpointsInput) -> Result<Json, Error> {
        if self.principal.owner().is_some_and(|owner| owner.user_id != input.user_id) {
            return Err(Error::not_own());
        }
        let application = ApplicationId::new(input.application_id);
        let page = self.store().endpoints_of_user(&application, &input.user_id).await?;
        many(&application, &page)
    }

    async fn delete_user_endpoints(&self, input: wire::DeleteUserEndpointsInput) -> Result<Json, Error> {
        let application = ApplicationId::new(input.application_id);
        let page = self.store().endpoints_of_user(&application, &input.user_id).await?;
        let deleted = many(&application, &page)?;
        let ids = page.iter().map(|endpoint| endpoint.id.to_owned()).collect();
        match self.store().delete_endpoints(&application, ids).await? {
            0 => Err(Error::not_found()),
            _ => Ok(deleted),
        }
    }

    async fn remove_attributes(&self, input: wire::RemoveAttributesInput) -> Result<wire::AttributesResource, Error> {
        let Some((_, group)) = GROUPS.into_iter().find(|(name, _)| *name == input.attribute_type) else {
            let allowed = GROUPS.map(|(name, _)| name).to_vec();
            return Err(Problem::NotOneOf { value: input.attribute_type, allowed }.at("attribute-type").into());
        };
        let patterns = input.body.blacklist.unwrap_or_default();
        if patterns.is_empty() {
            return Err(Problem::Missing { rule: "it names what to remove" }.at("Blacklist").into());
        }
        if patterns.len() > ATTRIBUTE_NAMES_MAX {
            return Err(Problem::TooManyValues { values: patterns.len(), max: ATTRIBUTE_NAMES_MAX }
                .at("Blacklist")
                .into());
        }
        let application = self.application_id(&input.application_id).await?;
        let mut names = self.store().attribute_names(&application, group).await?;
        names.retain(|name| patterns.iter().any(|pattern| glob::fits(pattern, name)));
        if !names.is_empty() {
            names = self.store().remove_attributes(&application, group, names).await?;
        }
        Ok(wire::AttributesResource {
            application_id: application.as_str().to_owned(),
            attribute_type: input.attribute_type,
            attributes: Some(names),
        })
    }
}

impl Call<'_> {
    /// The endpoint of this id, as a page of at most one row, if the sender may see it.
    ///
    /// Errors: 403 for a user without such an endpoint, be it there or not.
    pub(super) async fn visible_endpoint(&self, application: &ApplicationId, id: &str) -> Result<EndpointPage, Error> {
        let page = self.store().endpoint(application, id).await?;
        match self.principal.owner() {
            Some(owner) if !is_of_user(&page, &owner.user_id)? => Err(Error::not_own()),
            _ => Ok(page),
        }
    }

    /// Writes endpoints on behalf of whoever sent the request.
    pub(super) async fn upsert_endpoints(
        &self,
        application: &ApplicationId,
        writes: Vec<EndpointWrite>,
        now: String,
    ) -> Result<Vec<Result<EndpointNumber, Refused>>, Error> {
        Ok(match self.principal.owner() {
            None => self.store().upsert_endpoints(application, writes, now).await?,
            Some(owner) => self.store().upsert_endpoints_of(application, owner, writes, now).await?,
        })
    }

    /// A write; the request that it came with gives its id to one without.
    pub(super) fn endpoint_write(&self, id: String, mut update: crate::domain::EndpointUpdate) -> EndpointWrite {
        update.request_id.get_or_insert_with(|| self.request_id.to_owned());
        EndpointWrite { id, update }
    }
}

/// Whether the only endpoint of a page is this user's.
fn is_of_user(page: &EndpointPage, user_id: &str) -> Result<bool, Error> {
    let Some(endpoint) = page.iter().next() else { return Ok(false) };
    let places = Places::read(endpoint.document).map_err(Error::internal)?;
    Ok(places.user.as_deref() == Some(user_id))
}

/// What to say of refused endpoints; `None` if there are none.
fn refusals<T>(ids: &[String], results: &[Result<T, Refused>]) -> Option<String> {
    let refused: Vec<_> =
        ids.iter().zip(results).filter_map(|(id, result)| Some((id, result.as_ref().err()?))).collect();
    if refused.is_empty() {
        return None;
    }
    let mut message = format!("Item: {} of {} endpoints refused", refused.len(), ids.len());
    if refused.len() < ids.len() {
        message.push_str(", the others are written");
    }
    for (at, (id, reason)) in refused.into_iter().enumerate() {
        let separator = if at == 0 { ": " } else { "; " };
        write!(message, "{separator}Id `{id}`: {reason}").expect("text takes text");
    }
    Some(message)
}

/// The only endpoint of a page.
fn one(application: &ApplicationId, page: &EndpointPage) -> Result<Json, Error> {
    let endpoint = page.iter().next().ok_or_else(Error::not_found)?;
    let mut out = Vec::with_capacity(room(&endpoint));
    append_response(&mut out, application, endpoint.id, endpoint.document);
    Ok(Json(out))
}

/// All endpoints of a page, of which there is one at least.
fn many(application: &ApplicationId, page: &EndpointPage) -> Result<Json, Error> {
    if page.is_empty() {
        return Err(Error::not_found());
    }
    let mut out = Vec::with_capacity(page.iter().map(|endpoint| room(&endpoint)).sum());
    out.extend_from_slice(br#"{"Item":["#);
    for (at, endpoint) in page.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        append_response(&mut out, application, endpoint.id, endpoint.document);
    }
    out.extend_from_slice(b"]}");
    Ok(Json(out))
}

/// Bytes an endpoint takes in an answer, or a few more.
fn room(endpoint: &EndpointRef<'_>) -> usize {
    const MEMBERS: usize = 128;
    endpoint.document.len() + endpoint.id.len() + MEMBERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_endpoints_of_a_batch_are_named() {
        let ids = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let full = || Err(Refused::TooManyUserEndpoints);
        assert_eq!(refusals(&ids, &[Ok(1), Ok(2), Ok(3)]), None);
        assert_eq!(
            refusals(&ids, &[Ok(1), full(), Err(Refused::TooLarge { bytes: 20_000, max: 15_360 })]).unwrap(),
            "Item: 2 of 3 endpoints refused, the others are written: Id `b`: User.UserId: Exceeded maximum endpoint \
             per user count: 15; Id `c`: the endpoint has 20000 bytes after the update, the limit is 15360"
        );
        assert!(
            refusals::<u32>(&ids, &[full(), full(), full()]).unwrap().starts_with("Item: 3 of 3 endpoints refused: ")
        );
    }
}
