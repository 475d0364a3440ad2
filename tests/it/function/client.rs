//! AWS's own runtime interface clients.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Host, data, event};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Python with the packages of tests/support/requirements.txt, which ./test.sh makes.
fn python() -> PathBuf {
    std::env::var_os("PINWHEEL_TEST_PYTHON").map_or_else(|| root().join(".venv/bin/python"), PathBuf::from)
}

fn scores(answer: &serde_json::Value) -> Vec<i64> {
    ["a", "b"].map(|id| answer[id]["Attributes"]["CreditScore"][0].as_i64().unwrap()).into()
}

#[tokio::test]
async fn pythons_client_runs_the_documented_example() {
    let host = Host::new(&format!(
        r#"
        [functions.f]
        code = "DATA"
        runtime = "python"
        handler = "credit_score.handler"
        interpreter = "{0}"
        client = "aws"

        [functions.context]
        code = "DATA"
        runtime = "python"
        handler = "shapes.context"
        interpreter = "{0}"

        [functions.raises]
        code = "DATA"
        runtime = "python"
        handler = "shapes.raises"
        interpreter = "{0}"

        [functions.missing]
        code = "DATA"
        runtime = "python"
        handler = "shapes.missing"
        interpreter = "{0}"
        "#,
        python().display()
    ));
    for score in scores(&host.answer("f", event(&["a", "b"])).await) {
        assert!((650..850).contains(&score), "{score}");
    }
    let answer = host.answer("context", json!({})).await;
    assert_eq!(answer["arn"], "arn:aws:lambda:us-east-1:000000000000:function:context");
    assert_eq!(host.error("raises", json!({})).await["errorType"], "KeyError");
    assert_eq!(host.error("missing", json!({})).await["errorType"], "Runtime.HandlerNotFound");
}

/// Its part in C++ is compiled by ./test.sh.
#[tokio::test]
async fn nodes_client_runs_the_documented_example() {
    let packages = root().join(".node/node_modules");
    let compiled = packages.join("aws-lambda-ric/dist/rapid-client.node");
    assert!(compiled.is_file(), "`{}` is missing: run ./test.sh once", compiled.display());
    // Functions bring the client along among their packages.
    let code = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(&packages, code.path().join("node_modules")).unwrap();
    for name in ["credit-score.js", "shapes.js", "module.mjs"] {
        std::fs::copy(data().join(name), code.path().join(name)).unwrap();
    }
    let code = code.path().display();
    let function = |name: &str, handler: &str, client: &str| {
        format!("[functions.{name}]\ncode = '{code}'\nruntime = 'nodejs'\nhandler = '{handler}'\nclient = '{client}'\n")
    };
    let host = Host::new(
        &[
            function("f", "credit-score.handler", "aws"),
            function("async", "shapes.async", "auto"),
            function("esm", "module.handler", "auto"),
            function("throws", "shapes.throws", "auto"),
            function("missing", "shapes.missing", "auto"),
        ]
        .concat(),
    );
    for score in scores(&host.answer("f", event(&["a", "b"])).await) {
        assert!((650..850).contains(&score), "{score}");
    }
    assert!(host.log("async").is_empty());
    let answer = host.answer("async", json!({})).await;
    assert_eq!(answer["arn"], "arn:aws:lambda:us-east-1:000000000000:function:async");
    assert!(host.log("async").contains("Executing 'shapes.async'"), "this is what AWS's client says");
    assert_eq!(host.answer("esm", json!([1])).await["event"], json!([1]));
    assert_eq!(host.error("throws", json!({})).await["errorType"], "RangeError");
    assert_eq!(host.error("missing", json!({})).await["errorType"], "Runtime.HandlerNotFound");
}

#[tokio::test]
async fn a_client_that_is_asked_for_and_not_there_is_an_error() {
    for (runtime, what) in
        [("nodejs", "the package `aws-lambda-ric` is not there"), ("python", "the module `awslambdaric` is not there")]
    {
        let code = tempfile::tempdir().unwrap();
        let code = code.path().display();
        let host = Host::new(&format!("[functions.f]\ncode = '{code}'\nruntime = '{runtime}'\nclient = 'aws'"));
        let error = host.function("f").call("{}".into()).await.unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}
