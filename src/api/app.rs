//! Applications and their settings.

use serde_json::Value;
use uuid::Uuid;

use super::page::Page;
use super::{Call, Error, arn, tag};
use crate::domain::ApplicationId;
use crate::store::{self, Application};
use crate::wire::generated::{self as wire, Apps};

/// The list of applications, for its tokens: newest first, then by id.
const LIST: &str = "apps";

impl Apps for Call<'_> {
    async fn create_app(&self, input: wire::CreateAppInput) -> Result<wire::ApplicationResponse, Error> {
        let wire::CreateApplicationRequest { name, tags } = input.body;
        if name.trim().is_empty() {
            return Err(Error::bad_request("Name: it is empty"));
        }
        let now = self.now();
        let application = Application {
            id: ApplicationId::new(Uuid::new_v4().simple().to_string()),
            name,
            settings: "{}".to_owned(),
            tags: tag::write(&tag::check(tags.unwrap_or_default())?),
            creation_date: now.clone(),
            last_modified_date: now,
            revision: 0,
        };
        self.store().put_application(application.clone()).await?;
        self.response(application)
    }

    async fn get_apps(&self, input: wire::GetAppsInput) -> Result<wire::ApplicationsResponse, Error> {
        let page = Page::read(LIST, input.page_size.as_deref(), input.token.as_deref())?;
        let key = |application: &Application| {
            (std::cmp::Reverse(application.creation_date.clone()), application.id.as_str().to_owned())
        };
        let mut applications = self.store().applications().await?;
        applications.sort_by_cached_key(key);
        let (applications, next_token) = page.cut_whole(LIST, applications, key);
        let item = applications.into_iter().map(|application| self.response(application)).collect::<Result<_, _>>()?;
        Ok(wire::ApplicationsResponse { item: Some(item), next_token })
    }

    async fn get_app(&self, input: wire::GetAppInput) -> Result<wire::ApplicationResponse, Error> {
        self.response(self.application(&input.application_id).await?)
    }

    async fn delete_app(&self, input: wire::DeleteAppInput) -> Result<wire::ApplicationResponse, Error> {
        let application = self.application(&input.application_id).await?;
        if !self.store().delete_application(&application.id).await? {
            return Err(Error::not_found());
        }
        self.api.scheduler.application_deleted(&application.id);
        self.api.engine.forget(&application.id);
        self.response(application)
    }

    async fn get_application_settings(
        &self,
        input: wire::GetApplicationSettingsInput,
    ) -> Result<wire::ApplicationSettingsResource, Error> {
        settings(self.application(&input.application_id).await?)
    }

    async fn update_application_settings(
        &self,
        input: wire::UpdateApplicationSettingsInput,
    ) -> Result<wire::ApplicationSettingsResource, Error> {
        // Given members replace whole ones; `{}` clears.
        let given = serde_json::to_value(&input.body).map_err(Error::internal)?;
        self.api.engine.check_settings(&input.body)?;
        let now = self.now();
        let change = |application: &mut Application| {
            let mut merged: Value = serde_json::from_str(&application.settings).map_err(Error::internal)?;
            if let (Some(merged), Value::Object(given)) = (merged.as_object_mut(), given.clone()) {
                merged.extend(given);
            }
            application.settings = merged.to_string();
            application.last_modified_date.clone_from(&now);
            Ok(())
        };
        settings(self.change_application(&input.application_id, change).await?)
    }
}

/// What the API shows of an application's settings: clients read the groups without asking whether they are there.
fn settings(application: Application) -> Result<wire::ApplicationSettingsResource, Error> {
    let settings: wire::WriteApplicationSettingsRequest =
        serde_json::from_str(&application.settings).map_err(Error::internal)?;
    Ok(wire::ApplicationSettingsResource {
        application_id: application.id.as_str().to_owned(),
        campaign_hook: Some(settings.campaign_hook.unwrap_or_default()),
        journey_limits: settings.journey_limits,
        last_modified_date: Some(application.last_modified_date),
        limits: Some(settings.limits.unwrap_or_default()),
        quiet_time: Some(settings.quiet_time.unwrap_or_default()),
    })
}

impl Call<'_> {
    /// Changes an application; again when somebody else did meanwhile.
    pub(super) async fn change_application(
        &self,
        id: &str,
        change: impl Fn(&mut Application) -> Result<(), Error> + Send + Sync,
    ) -> Result<Application, Error> {
        loop {
            let mut application = self.application(id).await?;
            change(&mut application)?;
            match self.store().put_application(application.clone()).await {
                Ok(()) => return Ok(application),
                Err(store::Error::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn response(&self, application: Application) -> Result<wire::ApplicationResponse, Error> {
        Ok(wire::ApplicationResponse {
            arn: arn::of(&self.api.config.aws, &format!("apps/{}", application.id)),
            creation_date: Some(application.creation_date),
            id: application.id.as_str().to_owned(),
            name: application.name,
            tags: Some(tag::read(&application.tags)?),
        })
    }
}
