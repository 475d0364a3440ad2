//! Applications, settings, tags, recommenders.

use std::sync::Arc;

use super::{NOWHERE, ROLE, Run, bad, happy, missing, shape};

pub async fn play(run: Arc<Run>) {
    apps(&run).await;
    recommenders(&run).await;
}

async fn apps(run: &Run) {
    let request = shape!(CreateApplicationRequest { name: "Schuhe 👟", tags: "stage" => "test" });
    let made = happy!(run, create_app => application_response, create_application_request: request);
    let (id, arn) = (made.id().unwrap(), made.arn().unwrap());
    assert_eq!(happy!(run, get_app => application_response, application_id: id), made);
    let listed = happy!(run, get_apps => applications_response, page_size: "200");
    assert!(listed.item().contains(&made));
    bad!(run, create_app, create_application_request: shape!(CreateApplicationRequest { name: "" }));
    bad!(run, get_apps, page_size: "many");

    let limits = shape!(CampaignLimits { daily: 3 });
    let request = shape!(WriteApplicationSettingsRequest { limits: limits.clone() });
    let changed = happy!(
        run, update_application_settings => application_settings_resource,
        application_id: id, write_application_settings_request: request,
    );
    assert_eq!(changed.limits(), Some(&limits));
    let settings = happy!(run, get_application_settings => application_settings_resource, application_id: id);
    assert_eq!(settings, changed);
    missing!(run, get_application_settings, application_id: NOWHERE);

    let tags = shape!(TagsModel { tags: "b c" => "ü&=" });
    happy!(run, tag_resource, resource_arn: arn, tags_model: tags);
    let tags = happy!(run, list_tags_for_resource => tags_model, resource_arn: arn).tags.unwrap();
    assert_eq!((tags["stage"].as_str(), tags["b c"].as_str(), tags.len()), ("test", "ü&=", 2));
    happy!(run, untag_resource, resource_arn: arn, tag_keys: "b c", tag_keys: "stage");
    let tags = happy!(run, list_tags_for_resource => tags_model, resource_arn: arn).tags.unwrap();
    assert!(tags.is_empty());

    assert_eq!(happy!(run, delete_app => application_response, application_id: id).id(), Some(id));
    missing!(run, get_app, application_id: id);
    missing!(run, delete_app, application_id: id);
}

async fn recommenders(run: &Run) {
    let uri = "arn:aws:personalize:us-east-1:123456789012:campaign/shoes";
    let request = shape!(CreateRecommenderConfigurationShape {
        name: "shoes",
        recommendation_provider_role_arn: ROLE,
        recommendation_provider_uri: uri,
    });
    let made = happy!(
        run, create_recommender_configuration => recommender_configuration_response,
        create_recommender_configuration: request,
    );
    let id = made.id().unwrap();
    let found = happy!(run, get_recommender_configuration => recommender_configuration_response, recommender_id: id);
    assert_eq!(found, made);
    let listed = happy!(run, get_recommender_configurations => list_recommender_configurations_response);
    assert_eq!(listed.item(), std::slice::from_ref(&made));
    let change = shape!(UpdateRecommenderConfigurationShape {
        name: "boots",
        recommendation_provider_role_arn: ROLE,
        recommendation_provider_uri: uri,
    });
    let changed = happy!(
        run, update_recommender_configuration => recommender_configuration_response,
        recommender_id: id, update_recommender_configuration: change,
    );
    assert_eq!(changed.name(), Some("boots"));
    let gone = happy!(run, delete_recommender_configuration => recommender_configuration_response, recommender_id: id);
    assert_eq!(gone.id(), Some(id));
    missing!(run, get_recommender_configuration, recommender_id: id);
}
