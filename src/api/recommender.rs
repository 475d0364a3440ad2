//! Recommender configurations of the account: kept and shown. Nothing asks a recommender yet.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::change::{self, Changed, change};
use super::page::Page;
use super::{Call, Error};
use crate::domain::limit::{RECOMMENDATIONS_MAX, RECOMMENDER_ATTRIBUTES_MAX, RECOMMENDERS_MAX};
use crate::store::{Definition, Kind, Versioning};
use crate::wire::generated::{self as wire, Recommenders};

/// The list of recommenders, for its tokens: newest first.
const LIST: &str = "recommenders";
/// Characters of name and description. Source: API reference, recommenders.
const NAME_CHARS_MAX: usize = 128;
/// Characters of an attribute's name. Source: as above.
const ATTRIBUTE_CHARS_MAX: usize = 50;
/// Characters of a display name. Source: as above.
const DISPLAY_NAME_CHARS_MAX: usize = 25;
/// What a recommender knows people by. Source: as above.
const ID_TYPES: [&str; 2] = ["PINPOINT_ENDPOINT_ID", "PINPOINT_USER_ID"];

impl Recommenders for Call<'_> {
    async fn create_recommender_configuration(
        &self,
        input: wire::CreateRecommenderConfigurationInput,
    ) -> Result<wire::RecommenderConfigurationResponse, Error> {
        let document = check(serde_json::to_value(&input.body).map_err(Error::internal)?)?;
        let there = self.store().definitions(None, Kind::Recommender).await?.len();
        if there >= RECOMMENDERS_MAX {
            let problem = format!("there are {there} recommender configurations, the limit is {RECOMMENDERS_MAX}");
            return Err(Error::bad_request(problem));
        }
        self.write(&Uuid::new_v4().simple().to_string(), document, |before| before.is_none()).await
    }

    async fn get_recommender_configurations(
        &self,
        input: wire::GetRecommenderConfigurationsInput,
    ) -> Result<wire::ListRecommenderConfigurationsResponse, Error> {
        let page = Page::<u64>::read(LIST, input.page_size.as_deref(), input.token.as_deref())?;
        let mut found =
            self.store().definitions_before(None, Kind::Recommender, page.after, page.items_max + 1).await?;
        let next_token = page.cut(LIST, &mut found, |recommender| recommender.position);
        let item = found.into_iter().map(response).collect::<Result<_, _>>()?;
        Ok(wire::ListRecommenderConfigurationsResponse { item, next_token })
    }

    async fn get_recommender_configuration(
        &self,
        input: wire::GetRecommenderConfigurationInput,
    ) -> Result<wire::RecommenderConfigurationResponse, Error> {
        self.recommender(&input.recommender_id).await
    }

    async fn update_recommender_configuration(
        &self,
        input: wire::UpdateRecommenderConfigurationInput,
    ) -> Result<wire::RecommenderConfigurationResponse, Error> {
        let document = serde_json::to_value(&input.body).map_err(Error::internal)?;
        // An unknown one is unknown whatever is to be written.
        self.recommender(&input.recommender_id).await?;
        self.write(&input.recommender_id, check(document)?, |before| before.is_some()).await
    }

    async fn delete_recommender_configuration(
        &self,
        input: wire::DeleteRecommenderConfigurationInput,
    ) -> Result<wire::RecommenderConfigurationResponse, Error> {
        let recommender = self.recommender(&input.recommender_id).await?;
        match self.store().delete_definition(None, Kind::Recommender, &input.recommender_id).await? {
            true => Ok(recommender),
            false => Err(Error::not_found()),
        }
    }
}

impl Call<'_> {
    async fn recommender(&self, id: &str) -> Result<wire::RecommenderConfigurationResponse, Error> {
        let found = change::latest(self.store(), None, Kind::Recommender, id).await?;
        response(found.ok_or_else(Error::not_found)?)
    }

    async fn write(
        &self,
        id: &str,
        document: String,
        is_expected: impl Fn(Option<&Definition>) -> bool + Send,
    ) -> Result<wire::RecommenderConfigurationResponse, Error> {
        let now = self.now();
        let written = change(self.store(), None, Kind::Recommender, id, &now, |before| {
            if !is_expected(before) {
                return Err(Error::not_found());
            }
            Ok(Changed { document: document.clone(), versioning: Versioning::Latest, value: () })
        });
        response(written.await?.0)
    }
}

fn response(recommender: Definition) -> Result<wire::RecommenderConfigurationResponse, Error> {
    let mut document: Map<String, Value> = serde_json::from_str(&recommender.document).map_err(Error::internal)?;
    let frame = [
        ("CreationDate", recommender.creation_date),
        ("Id", recommender.id),
        ("LastModifiedDate", recommender.last_modified_date),
    ];
    document.extend(frame.map(|(name, value)| (name.to_owned(), Value::String(value))));
    serde_json::from_value(Value::Object(document)).map_err(Error::internal)
}

/// Checks a configuration, whether it is new or changed: both have the same members. Returns what is to be stored.
///
/// Errors: the first member that breaks a rule.
/// Source: API reference, recommenders.
fn check(body: Value) -> Result<String, Error> {
    let mut given: wire::CreateRecommenderConfiguration = serde_json::from_value(body).map_err(Error::internal)?;
    let refuse = |field: &str, problem: String| Err(Error::bad_request(format!("{field}: {problem}")));

    if let Some(name) = &given.name {
        check_name("Name", name, NAME_CHARS_MAX)?;
    }
    if let Some(chars) = given.description.as_ref().map(|text| text.chars().count())
        && chars > NAME_CHARS_MAX
    {
        return refuse("Description", format!("{chars} characters, the limit is {NAME_CHARS_MAX}"));
    }
    let id_type = given.recommendation_provider_id_type.get_or_insert_with(|| ID_TYPES[1].to_owned());
    if !ID_TYPES.contains(&id_type.as_str()) {
        return refuse("RecommendationProviderIdType", format!("`{id_type}` is not one of {}", ID_TYPES.join(", ")));
    }
    if !is_arn(&given.recommendation_provider_role_arn, "iam") {
        let problem = format!("`{}` is not the ARN of an IAM role", given.recommendation_provider_role_arn);
        return refuse("RecommendationProviderRoleArn", problem);
    }
    if !is_arn(&given.recommendation_provider_uri, "personalize") {
        let problem =
            format!("`{}` is not the ARN of an Amazon Personalize campaign", given.recommendation_provider_uri);
        return refuse("RecommendationProviderUri", problem);
    }
    let per_message = *given.recommendations_per_message.get_or_insert(RECOMMENDATIONS_MAX);
    if !(1..=RECOMMENDATIONS_MAX).contains(&per_message) {
        return refuse(
            "RecommendationsPerMessage",
            format!("{per_message} is not between 1 and {RECOMMENDATIONS_MAX}"),
        );
    }
    if let Some(name) = &given.recommendations_display_name {
        check_name("RecommendationsDisplayName", name, DISPLAY_NAME_CHARS_MAX)?;
    }

    let attributes = given.attributes.as_ref().map_or(0, |attributes| attributes.len());
    match &given.recommendation_transformer_uri {
        Some(function) if function.trim().is_empty() => {
            return refuse("RecommendationTransformerUri", "it is empty".to_owned());
        }
        Some(_) if !(1..=RECOMMENDER_ATTRIBUTES_MAX).contains(&attributes) => {
            let problem =
                format!("{attributes} attributes; a function fills 1 to {RECOMMENDER_ATTRIBUTES_MAX} of them");
            return refuse("Attributes", problem);
        }
        None if attributes > 0 => {
            let problem = "only a function fills attributes, and `RecommendationTransformerUri` names none";
            return refuse("Attributes", problem.to_owned());
        }
        _ => {}
    }
    for (name, display_name) in given.attributes.iter().flatten() {
        let field = format!("Attributes.`{name}`");
        // Written with or without the place it stands in.
        let bare = ["Attributes.", "User.UserAttributes.", "Recommendations."]
            .iter()
            .find_map(|place| name.strip_prefix(place))
            .unwrap_or(name);
        check_name(&field, bare, ATTRIBUTE_CHARS_MAX)?;
        let chars = display_name.chars().count();
        if chars > DISPLAY_NAME_CHARS_MAX {
            return refuse(
                &field,
                format!("the display name has {chars} characters, the limit is {DISPLAY_NAME_CHARS_MAX}"),
            );
        }
    }
    serde_json::to_string(&given).map_err(Error::internal)
}

fn check_name(field: &str, name: &str, chars_max: usize) -> Result<(), Error> {
    let chars = name.chars().count();
    if chars > chars_max {
        return Err(Error::bad_request(format!("{field}: {chars} characters, the limit is {chars_max}")));
    }
    let is_fit = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | ' ');
    if name.starts_with(char::is_alphanumeric) && name.chars().all(is_fit) {
        return Ok(());
    }
    let rule = "a name starts with a letter or digit and goes on with letters, digits, spaces, `_` and `-`";
    Err(Error::bad_request(format!("{field}: `{name}`: {rule}")))
}

fn is_arn(text: &str, service: &str) -> bool {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, of, _, _, resource] if of == service && !resource.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(members: Value) -> Result<Value, String> {
        let mut body = json!({
            "RecommendationProviderRoleArn": "arn:aws:iam::111122223333:role/recommend",
            "RecommendationProviderUri": "arn:aws:personalize:us-east-1:111122223333:campaign/shop",
        });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        match check(body) {
            Ok(document) => Ok(serde_json::from_str(&document).unwrap()),
            Err(error) => Err(error.message().to_owned()),
        }
    }

    #[test]
    fn defaults_are_filled_in() {
        let document = checked(json!({"Name": "r"})).unwrap();
        assert_eq!(document["RecommendationProviderIdType"], "PINPOINT_USER_ID");
        assert_eq!(document["RecommendationsPerMessage"], 5);
    }

    #[test]
    fn attributes_come_with_a_function() {
        let attributes = |n: usize| (0..n).map(|i| (format!("a{i}"), json!("A"))).collect::<Map<_, _>>();
        let function = "arn:aws:lambda:us-east-1:111122223333:function:pick";
        let with = |n| checked(json!({"RecommendationTransformerUri": function, "Attributes": attributes(n)}));
        assert!(with(1).is_ok() && with(10).is_ok());
        assert!(with(0).unwrap_err().starts_with("Attributes: 0 attributes"));
        assert!(with(11).unwrap_err().starts_with("Attributes: 11 attributes"));
        assert!(checked(json!({"Attributes": attributes(1)})).unwrap_err().contains("RecommendationTransformerUri"));
    }

    #[test]
    fn members_have_rules() {
        for (members, field) in [
            (json!({"Name": " r"}), "Name"),
            (json!({"Name": "r".repeat(129)}), "Name"),
            (json!({"Description": "d".repeat(129)}), "Description"),
            (json!({"RecommendationProviderIdType": "EMAIL"}), "RecommendationProviderIdType"),
            (json!({"RecommendationProviderRoleArn": "role"}), "RecommendationProviderRoleArn"),
            (json!({"RecommendationProviderUri": "arn:aws:iam::1:role/x"}), "RecommendationProviderUri"),
            (json!({"RecommendationsPerMessage": 6}), "RecommendationsPerMessage"),
            (json!({"RecommendationsDisplayName": "d".repeat(26)}), "RecommendationsDisplayName"),
        ] {
            let message = checked(members).unwrap_err();
            assert!(message.starts_with(&format!("{field}: ")), "{message}");
        }
    }
}
