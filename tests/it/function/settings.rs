//! Settings of functions that cannot work, as `pinwheel config check` tells them.

use crate::cli::{fails, pinwheel, stderr};

use super::data;

#[test]
fn wrong_settings_are_named_with_their_key() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pinwheel.toml");
    let code = data().display().to_string();
    let good = |line: &str| format!("[functions.filter]\ncode = '{code}'\nruntime = 'nodejs22.x'\n{line}\n");
    std::fs::write(&file, good("")).unwrap();
    let checked = pinwheel(directory.path(), &["config", "check"]);
    assert!(checked.status.success(), "{}", stderr(&checked));
    let long = "x".repeat(65);
    for (settings, expected) in [
        (good("handler = 'index'"), "`functions.filter.handler`: it is `index`, and must be `file.function`"),
        (good("handler = '../up.handler'"), "`functions.filter.handler`"),
        (good("workers = 0"), "`functions.filter.workers`: it is 0, and must be from 1 to 1000"),
        (good("workers = 1001"), "`functions.filter.workers`"),
        (good("timeout = '0s'"), "`functions.filter.timeout`: it is 0ns, and must be from 1ms to 900s"),
        (good("timeout = '16min'"), "`functions.filter.timeout`"),
        (good("memory_mb = 64"), "`functions.filter.memory_mb`: it is 64, and must be from 128 to 10240"),
        (good("client = 'mine'"), "`functions.filter.client`: it is `mine`, and must be `auto`, `aws` or `pinwheel`"),
        (
            good("[functions.filter.environment]\n_HANDLER = 'x'"),
            "`functions.filter.environment`: `_HANDLER` cannot be",
        ),
        (
            "[functions.filter]\ncode = '/nowhere'\nruntime = 'python'\n".to_owned(),
            "`functions.filter.code`: `/nowhere` is neither a folder nor a zip file",
        ),
        (
            format!("[functions.filter]\ncode = '{code}'\nruntime = 'java21'\n"),
            "`functions.filter.runtime`: it is `java21`, and must be",
        ),
        (
            format!("[functions.'a b']\ncode = '{code}'\nruntime = 'python'\n"),
            "`functions.a b`: a name must be 1 to 64 letters, digits, `-` and `_`",
        ),
        (format!("[functions.{long}]\ncode = '{code}'\nruntime = 'python'\n"), "a name must be 1 to 64 letters"),
    ] {
        std::fs::write(&file, settings).unwrap();
        fails(directory.path(), &["config", "check"], expected);
    }
}
