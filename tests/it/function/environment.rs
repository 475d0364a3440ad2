//! What a function knows of its surroundings.

use std::collections::BTreeSet;

use super::{Host, data};
use crate::cli::{stderr, stdout};

#[tokio::test]
async fn what_pinwheel_was_started_with_is_hidden() {
    let host = Host::of("python", "shapes.pid", "");
    host.answer("f", serde_json::json!({})).await;
    assert_eq!(rustix::process::dumpable_behavior().unwrap(), rustix::process::DumpableBehavior::NotDumpable);
}

#[tokio::test]
async fn a_function_has_lambdas_variables_its_own_and_no_others() {
    let settings = "[functions.f]\ncode = 'DATA'\nclient = 'pinwheel'\nruntime = 'python'\n\
                    handler = 'shapes.environment'\n[functions.f.environment]\nTABLE = 'scores'\nTZ = 'Europe/Berlin'";
    let host = Host::inheriting(settings, &[("LANG", "en_US.UTF-8")]);
    let answer = host.answer("f", serde_json::json!({})).await;
    let folder = data().display().to_string();
    for (name, expected) in [
        ("TABLE", "scores"),
        ("TZ", "Europe/Berlin"),
        ("LANG", "en_US.UTF-8"),
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("LAMBDA_TASK_ROOT", &folder),
        ("_HANDLER", "shapes.environment"),
    ] {
        assert_eq!(answer[name], expected, "{name}");
    }
    let known = "AWS_DEFAULT_REGION AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME \
                 AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME \
                 AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API AWS_REGION HOME LAMBDA_RUNTIME_DIR \
                 LAMBDA_TASK_ROOT LANG PATH PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED TABLE TZ _HANDLER _X_AMZN_TRACE_ID";
    // A shim on the path may set some of its own, and Python its locale.
    let is_shims =
        |name: &&str| name.contains("PYENV_") || matches!(*name, "LC_CTYPE" | "PWD" | "SHLVL" | "OLDPWD" | "_");
    let names: BTreeSet<_> =
        answer.as_object().unwrap().keys().map(String::as_str).filter(|name| !is_shims(name)).collect();
    assert_eq!(names, known.split_whitespace().collect());
}

#[test]
fn secrets_of_pinwheels_own_environment_stay_there() {
    let directory = tempfile::tempdir().unwrap();
    let settings = format!(
        "[functions.f]\ncode = '{}'\nruntime = 'python'\nhandler = 'shapes.environment'\nclient = 'pinwheel'\n",
        data().display()
    );
    std::fs::write(directory.path().join("pinwheel.toml"), settings).unwrap();
    std::fs::write(directory.path().join("event.json"), "{}").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_pinwheel"))
        .args(["hook", "invoke", "f", "event.json"])
        .current_dir(directory.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("PINWHEEL_FUNCTIONS__F__ENVIRONMENT__GREETING", "hello")
        .env("PINWHEEL_FEEDBACK__TWILIO_AUTH_TOKEN", "hush-hush")
        .env("AWS_SECRET_ACCESS_KEY", "hush-hush")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let answer = stdout(&output);
    assert!(answer.contains(r#""GREETING": "hello""#), "{answer}");
    assert!(!answer.contains("hush") && !answer.contains("AWS_SECRET"), "{answer}");
}
