//! Applications and their settings.

use serde_json::{Map, Value};
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
        self.response(application)
    }

    async fn get_application_settings(
        &self,
        input: wire::GetApplicationSettingsInput,
    ) -> Result<wire::ApplicationSettingsResource, Error> {
        settings(&self.application(&input.application_id).await?)
    }

    async fn update_application_settings(
        &self,
        input: wire::UpdateApplicationSettingsInput,
    ) -> Result<wire::ApplicationSettingsResource, Error> {
        let changed = merge_and_check(input.body)?;
        loop {
            let mut application = self.application(&input.application_id).await?;
            application.settings = with(&application.settings, &changed)?;
            application.last_modified_date = self.now();
            match self.store().put_application(application.clone()).await {
                Ok(()) => return settings(&application),
                Err(store::Error::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Call<'_> {
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
