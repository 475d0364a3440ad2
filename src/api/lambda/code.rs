//! Functions that are made, changed and removed over the API: code that somebody sends and this machine runs.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::Error;
use super::function::configuration;
use super::route::CODE_BYTES_MAX;
use super::{Answer, Call};
use crate::hook::local::shelf::{self, Entry, Made};

/// Lambda's own defaults. Source: Lambda API reference, CreateFunction.
const TIMEOUT_SECONDS: u64 = 3;
const MEMORY_MB: u32 = 128;
/// Processes of a function, and so calls at once; as many as the settings give one by default.
const WORKERS: usize = 4;
/// Source: Lambda API reference, CreateFunction; bytes of all variables together: "Lambda quotas".
const DESCRIPTION_CHARS_MAX: usize = 256;
const ENVIRONMENT_BYTES_MAX: usize = 4096;

/// Members that only say how AWS runs a function. All others that are not known are refused, since they would make it another
/// function than is asked for.
const IGNORED: [&str; 5] = ["Architectures", "EphemeralStorage", "LoggingConfig", "Tags", "TracingConfig"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    function_name: String,
    code: Code,
    #[serde(default)]
    role: String,
    #[serde(flatten)]
    settings: Settings,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Update {
    revision_id: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(flatten)]
    settings: Settings,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateCode {
    revision_id: Option<String>,
    dry_run: Option<bool>,
    publish: Option<bool>,
    #[serde(flatten)]
    code: Code,
}

/// What both requests say of a function.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    runtime: Option<String>,
    handler: Option<String>,
    description: Option<String>,
    timeout: Option<u64>,
    memory_size: Option<u32>,
    environment: Option<Environment>,
    package_type: Option<String>,
    publish: Option<bool>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Code {
    zip_file: Option<String>,
    s3_bucket: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Call {
    pub(super) async fn create_function(&self) -> Result<Answer, Error> {
        let Create { function_name, code, role, settings } = self.read()?;
        let zip = code.zip()?;
        let mut made = Made {
            description: String::new(),
            runtime: String::new(),
            handler: String::new(),
            role,
            timeout_seconds: TIMEOUT_SECONDS,
            memory_mb: MEMORY_MB,
            workers: WORKERS,
            environment: BTreeMap::new(),
            code_sha256: String::new(),
            code_bytes: 0,
            last_modified: self.now(),
            revision_id: String::new(),
        };
        settings.check()?;
        settings.put_into(&mut made);
        let entry = self.on_shelf(move |shelf| Ok(shelf.create(&function_name, made, &zip)?)).await?;
        self.report(&entry, "a function was made over the API");
        Ok(Answer::json(StatusCode::CREATED, &configuration(&entry)))
    }

    pub(super) async fn update_function_code(&self) -> Result<Answer, Error> {
        let UpdateCode { revision_id, dry_run, publish, code } = self.read()?;
        check_publish(publish)?;
        let zip = code.zip()?;
        if dry_run == Some(true) {
            let mut entry = self.entry()?;
            if let Some(made) = &mut entry.kept.function {
                made.code_sha256 = shelf::code_sha256(&zip);
                made.code_bytes = zip.len() as u64;
            }
            return Ok(Answer::json(StatusCode::OK, &configuration(&entry)));
        }
        let (function, now) = (self.route.function.clone(), self.now());
        let change = move |made: &mut Made| made.last_modified = now;
        let entry = self
            .on_shelf(move |shelf| Ok(shelf.update(&function, revision_id.as_deref(), Some(&zip), change)?))
            .await?;
        self.report(&entry, "a function got new code over the API");
        Ok(Answer::json(StatusCode::OK, &configuration(&entry)))
    }

    pub(super) async fn update_function_configuration(&self) -> Result<Answer, Error> {
        let Update { revision_id, role, settings } = self.read()?;
        settings.check()?;
        let (function, now) = (self.route.function.clone(), self.now());
        let change = move |made: &mut Made| {
            settings.put_into(made);
            made.role = role.unwrap_or_else(|| std::mem::take(&mut made.role));
            made.last_modified = now;
        };
        let entry =
            self.on_shelf(move |shelf| Ok(shelf.update(&function, revision_id.as_deref(), None, change)?)).await?;
        self.report(&entry, "a function was changed over the API");
        Ok(Answer::json(StatusCode::OK, &configuration(&entry)))
    }

    pub(super) async fn delete_function(&self) -> Result<Answer, Error> {
        let entry = self.entry()?;
        let function = self.route.function.clone();
        self.on_shelf(move |shelf| Ok(shelf.delete(&function)?)).await?;
        self.report(&entry, "a function was removed over the API");
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// The moment, as Lambda writes it.
    fn now(&self) -> String {
        self.api.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
    }

    /// Whose code runs here is worth a line of the log.
    fn report(&self, entry: &Entry, what: &str) {
        let made = entry.kept.function.as_ref();
        let code_sha256 = made.map(|made| made.code_sha256.as_str()).unwrap_or_default();
        tracing::info!(function = entry.function.configuration().name, code_sha256, "{what}");
    }
}

impl Settings {
    fn check(&self) -> Result<(), Error> {
        check_supported(&self.rest)?;
        check_publish(self.publish)?;
        match self.package_type.as_deref() {
            None | Some("Zip") => {}
            Some(other) => {
                return Err(Error::invalid(format!("PackageType: `{other}` is not supported, only `Zip` is")));
            }
        }
        let chars = self.description.as_ref().map_or(0, |description| description.chars().count());
        if chars > DESCRIPTION_CHARS_MAX {
            let message =
                format!("Description: it has {chars} characters, and may have at most {DESCRIPTION_CHARS_MAX}");
            return Err(Error::invalid(message));
        }
        let variables = self.environment.iter().flat_map(|environment| &environment.variables);
        let bytes: usize = variables.map(|(name, value)| name.len() + value.len()).sum();
        if bytes > ENVIRONMENT_BYTES_MAX {
            let message = format!("Environment: it has {bytes} bytes, and may have at most {ENVIRONMENT_BYTES_MAX}");
            return Err(Error::invalid(message));
        }
        Ok(())
    }

    fn put_into(self, made: &mut Made) {
        fn put<T>(member: &mut T, given: Option<T>) {
            if let Some(given) = given {
                *member = given;
            }
        }
        put(&mut made.runtime, self.runtime);
        put(&mut made.handler, self.handler);
        put(&mut made.description, self.description);
        put(&mut made.timeout_seconds, self.timeout);
        put(&mut made.memory_mb, self.memory_size);
        put(&mut made.environment, self.environment.map(|environment| environment.variables));
    }
}

impl Code {
    fn zip(&self) -> Result<Vec<u8>, Error> {
        if self.s3_bucket.is_some() {
            return Err(Error::invalid(
                "S3Bucket: code from S3 is not supported; give it as ZipFile (`--zip-file fileb://…`)",
            ));
        }
        check_supported(&self.rest)?;
        let Some(text) = &self.zip_file else {
            return Err(Error::invalid("Please provide a source for function code: ZipFile is missing"));
        };
        let zip = BASE64_STANDARD.decode(text).map_err(|_| Error::invalid("ZipFile: it is not base64"))?;
        if zip.len() > CODE_BYTES_MAX {
            let message = format!("ZipFile: it has {} bytes, and may have at most {CODE_BYTES_MAX}", zip.len());
            return Err(Error::invalid(message));
        }
        Ok(zip)
    }
}

/// Errors: the first member that would mean something and is not supported.
fn check_supported(members: &Map<String, Value>) -> Result<(), Error> {
    let says_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        // As tools send what is switched off: `VpcConfig` without subnets, `SnapStart` that applies to `None`.
        Value::Object(inner) => inner.values().all(|value| match value {
            Value::String(text) => text.is_empty() || text == "None",
            Value::Array(values) => values.is_empty(),
            Value::Bool(is_on) => !is_on,
            value => value.is_null(),
        }),
        Value::Bool(_) | Value::Number(_) => false,
    };
    let unsupported = |(name, value): &(&String, &Value)| !IGNORED.contains(&name.as_str()) && !says_nothing(value);
    match members.iter().find(unsupported) {
        Some((name, _)) => Err(Error::invalid(format!("{name}: it is not supported for functions of this machine"))),
        None => Ok(()),
    }
}

fn check_publish(publish: Option<bool>) -> Result<(), Error> {
    match publish {
        Some(true) => Err(Error::invalid("Publish: there are no versions, only `$LATEST`")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), String> {
        let settings: Settings = serde_json::from_str(text).unwrap();
        settings.check().map_err(|error| String::from_utf8(error.body()).unwrap())
    }

    #[test]
    fn what_would_be_another_function_is_refused_by_name() {
        for taken in [
            "{}",
            r#"{"Tags":{"a":"b"},"Architectures":["arm64"],"TracingConfig":{"Mode":"Active"}}"#,
            r#"{"VpcConfig":{"SubnetIds":[],"SecurityGroupIds":[]},"SnapStart":{"ApplyOn":"None"},"Layers":[]}"#,
            r#"{"PackageType":"Zip","Publish":false,"KMSKeyArn":""}"#,
        ] {
            checked(taken).unwrap();
        }
        for (refused, name) in [
            (r#"{"Layers":["arn:aws:lambda:us-east-1:1:layer:l:1"]}"#, "Layers"),
            (r#"{"VpcConfig":{"SubnetIds":["subnet-1"]}}"#, "VpcConfig"),
            (r#"{"SnapStart":{"ApplyOn":"PublishedVersions"}}"#, "SnapStart"),
            (r#"{"PackageType":"Image"}"#, "PackageType"),
            (r#"{"Publish":true}"#, "Publish"),
            (r#"{"environment":{"Variables":{}}}"#, "environment"),
            (&format!(r#"{{"Description":"{}"}}"#, "x".repeat(257)), "Description"),
            (&format!(r#"{{"Environment":{{"Variables":{{"A":"{}"}}}}}}"#, "x".repeat(4096)), "Environment"),
        ] {
            let error = checked(refused).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn code_is_a_zip_file_in_base64() {
        let zip = |text: &str| serde_json::from_str::<Code>(text).unwrap().zip();
        assert_eq!(zip(r#"{"ZipFile":"UEs="}"#).unwrap(), b"PK");
        for refused in [r#"{}"#, r#"{"ZipFile":"?"}"#, r#"{"S3Bucket":"b","S3Key":"k"}"#, r#"{"ImageUri":"x"}"#] {
            assert_eq!(zip(refused).unwrap_err().exception(), "InvalidParameterValueException", "{refused}");
        }
    }
}
