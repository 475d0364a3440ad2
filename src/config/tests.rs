use std::fmt::Write as _;

use super::*;

fn sources(file: &str) -> (Sources, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, file).unwrap();
    (Sources { file: Some(path), ..Sources::default() }, folder)
}

fn variables(pairs: &[(&str, &str)]) -> Sources {
    let environment = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources { environment, ..Sources::default() }
}

fn flags(flags: &[&str]) -> Sources {
    Sources { flags: flags.iter().map(|flag| (*flag).to_owned()).collect(), ..Sources::default() }
}

/// The one error of these sources, without the temporary folder.
fn error(sources: Sources) -> String {
    let folder = sources.file.as_ref().and_then(|file| file.parent()).unwrap_or(Path::new("")).join("");
    let text = Config::load(sources).unwrap_err().to_string();
    if folder.as_os_str().is_empty() { text } else { text.replace(folder.to_str().unwrap(), "") }
}

#[test]
fn defaults_load() {
    let config = Config::load(Sources::default()).unwrap();
    assert_eq!(config.hook.timeout.as_secs(), 15);
    assert_eq!(config.telemetry.listen, None);
    assert!(config.send.rates.is_empty() && config.channel.is_empty());
}

#[test]
fn every_example_loads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut examples = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let commented = std::fs::read_to_string(&path).unwrap();
            let file = Some(path.clone());
            Config::load(Sources { file, ..Sources::default() })
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            // What is commented out must load, too, once it is not.
            let (all, _folder) = sources(&uncommented(&commented));
            Config::load(all).unwrap_or_else(|error| panic!("{} without comment signs: {error}", path.display()));
            examples += 1;
        }
    }
    assert!(examples >= 2, "default.toml and example.toml");
}

/// The text with the comment signs of settings (`#key = …`, `#[section]`) removed; prose has a space after its sign.
fn uncommented(text: &str) -> String {
    text.lines().fold(String::new(), |mut all, line| {
        let is_setting = line.starts_with('#') && !line.starts_with("# ") && line != "#";
        writeln!(all, "{}", if is_setting { &line[1..] } else { line }).unwrap();
        all
    })
}

#[test]
fn variables_of_functions_keep_their_spelling() {
    let (mut all, _folder) = sources("[functions.f]\ncode = \".\"\nruntime = \"python\"");
    all.environment = vec![
        ("PINWHEEL_FUNCTIONS__F__ENVIRONMENT__API_TOKEN".to_owned(), "1".to_owned()),
        ("PINWHEEL_FUNCTIONS__F__ENVIRONMENT__a__B".to_owned(), "x".to_owned()),
        ("PINWHEEL_FUNCTIONS__F__WORKERS".to_owned(), "2".to_owned()),
    ];
    let function = &Config::load(all).unwrap().functions["f"];
    assert_eq!(function.environment.keys().collect::<Vec<_>>(), ["API_TOKEN", "a__B"]);
    assert_eq!(function.workers, 2);
}

#[test]
fn later_sources_win() {
    let (mut all, _folder) =
        sources("[hook]\ntimeout = \"1s\"\npause_min = \"1ms\"\nattempts_max = 2\ncalls_in_flight = 5");
    all.overlay = Some("hook = { pause_min = \"2ms\", attempts_max = 1, calls_in_flight = 6 }".parse().unwrap());
    all.environment = vec![
        ("PINWHEEL_HOOK__ATTEMPTS_MAX".to_owned(), "3".to_owned()),
        ("PINWHEEL_HOOK__CALLS_IN_FLIGHT".to_owned(), "7".to_owned()),
    ];
    all.flags = vec!["hook.calls_in_flight=8".to_owned()];
    let hook = Config::load(all).unwrap().hook;
    assert_eq!((hook.timeout.as_millis(), hook.pause_min.as_millis()), (1000, 2));
    assert_eq!((hook.attempts_max, hook.calls_in_flight), (3, 8));
}

#[test]
fn errors_name_source_key_value_and_rule() {
    for (file, expected) in [
        (
            "[hook]\n\ntimeout = \"20s\"",
            "settings.toml:3: `hook.timeout` is `20s`, but must be a duration such as \"15s\" or \"250ms\", from 1ms to 15s",
        ),
        ("[hook]\ntimeout = 20", "settings.toml:2: `hook.timeout` is `20`, but must be a text in quotes"),
        ("hook.attempts_max = 4", "settings.toml:1: `hook.attempts_max` is `4`, but must be from 1 to 3"),
        ("hook.attempts_max = -1", "settings.toml:1: `hook.attempts_max` is `-1`, but must be from 1 to 3"),
        (
            "campaign.batches_in_flight = 0",
            "settings.toml:1: `campaign.batches_in_flight` is `0`, but must be from 1 to 4096",
        ),
        (
            "campaign.page_endpoints = 99",
            "settings.toml:1: `campaign.page_endpoints` is `99`, but must be a multiple of 50 from 50 to 100000",
        ),
        ("log.format = \"xml\"", "settings.toml:1: `log.format` is `xml`, but must be `text` or `json`"),
        (
            "policy.hook_failure = \"skip\"",
            "settings.toml:1: `policy.hook_failure` is `skip`, but must be one of `drop`, `hold`, `send`",
        ),
        (
            "hook = { calls_in_flight_min = 3, calls_in_flight = 2 }",
            "settings.toml:1: `hook.calls_in_flight_min` is `3`, but must not exceed `hook.calls_in_flight`, which is `2`",
        ),
        (
            "hook.pause_min = \"2s\"",
            "settings.toml:1: `hook.pause_min` is `2s`, but must not exceed `hook.pause_max`, which is `1s`",
        ),
        (
            "send.pause_max = \"1ms\"",
            "settings.toml:1: `send.pause_max` is `1ms`, but must not be below `send.pause_min`, which is `500ms`",
        ),
        (
            "send.rates.gcm = \"fast\"",
            "settings.toml:1: `send.rates.gcm` is `fast`, but must be a whole number above 0 and a unit (s, min, h, d), such as \"500/s\"",
        ),
        ("send.rates.gcm = 5", "settings.toml:1: `send.rates.gcm` is `5`, but must be a text in quotes"),
        (
            "hook.signing_secret = \"hunter2\"",
            "settings.toml:1: `hook.signing_secret` is `********`, but must be \"whsec_\" and base64 of 24 to 64 bytes, or empty",
        ),
        (
            "vault.key = \"hunter2\"",
            "settings.toml:1: `vault.key` is `********`, but must be 32 bytes as base64, or empty",
        ),
        (
            "vault = { key = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\", key_file = \"k\" }",
            "settings.toml:1: `vault.key` is `********`, but must be empty where `vault.key_file` names a file",
        ),
        (
            "telemetry.listen = \":80\"",
            "settings.toml:1: `telemetry.listen` is `:80`, but must be an IP address and a port such as \"127.0.0.1:9464\", or empty",
        ),
        ("aws.account_id = \"12\"", "settings.toml:1: `aws.account_id` is `12`, but must be 12 digits"),
        (
            "aws.s3_endpoint_url = \"ftp://x\"",
            "settings.toml:1: `aws.s3_endpoint_url` is `ftp://x`, but must be an http or https URL, or empty",
        ),
        ("hook = 5", "settings.toml:1: `hook` is `5`, but must be a section, given key by key"),
        ("channel.gcm = \"on\"", "settings.toml:1: `channel.gcm` is `on`, but must be a section, given key by key"),
        ("\n[hook]\ntimout = \"5s\"", "settings.toml:3: unknown key `hook.timout`; did you mean `hook.timeout`?"),
        ("[hooks]\ntimeout = \"5s\"", "settings.toml:2: unknown key `hooks.timeout`; did you mean `hook.timeout`?"),
        ("[chanel.gcm]", "settings.toml:1: unknown key `chanel.gcm`; did you mean `channel`?"),
        ("colour = \"red\"", "settings.toml:1: unknown key `colour`"),
        ("hook.timeout.seconds = 5", "settings.toml:1: unknown key `hook.timeout.seconds`"),
    ] {
        let (sources, _folder) = sources(file);
        assert_eq!(error(sources), expected);
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let (mut sources, _folder) = sources("[hook]\ntimeout = \"1h\"\n[log]\nformat = \"xml\"\nfiltre = \"info\"");
    sources.flags = vec!["hook.attempts_max=9".to_owned(), "nonsense".to_owned()];
    let text = error(sources);
    let starts: Vec<_> = text.lines().map(|line| line.split('`').next().unwrap()).collect();
    assert_eq!(
        starts,
        [
            "settings.toml:5: unknown key ",
            "--set nonsense: must have the form ",
            "settings.toml:2: ",
            "--set hook.attempts_max: ",
            "settings.toml:4: "
        ]
    );
}

#[test]
fn a_file_that_is_not_toml_is_reported_without_its_text() {
    let (sources, _folder) = sources("[channel.email]\npassword = hunter2\n");
    let text = error(sources);
    assert!(text.starts_with("settings.toml:2: ") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_missing_file_is_an_error() {
    let text = error(Sources { file: Some("such.toml".into()), ..Sources::default() });
    assert!(text.starts_with("cannot read settings file `such.toml`: "), "{text}");
}

#[test]
fn variables_take_the_type_of_their_setting() {
    let config = Config::load(variables(&[
        ("PINWHEEL_HOOK__TIMEOUT", "5s"),
        ("PINWHEEL_HOOK__ALLOW_HTTP", "true"),
        ("PINWHEEL_AWS__ACCOUNT_ID", "123456789012"),
        ("PINWHEEL_SEND__RATES__GCM", "5/min"),
        ("PINWHEEL_CHANNEL__EMAIL__HOST", "smtp.example.com"),
        ("PINWHEEL_CHANNEL__EMAIL__PORT", "587"),
        ("PINWHEEL_CHANNEL__EMAIL__PASSWORD", "123"),
        ("PINWHEEL_CHANNEL__EMAIL__USERNAME", "\"123\""),
        ("PINWHEEL_CHANNEL__EMAIL__TELEPHONE", "+49151"),
        ("PINWHEEL_CHANNEL__SINK__TYPES", "[\"GCM\", \"EMAIL\"]"),
        ("PINWHEEL_CHANNEL__OTHER", "{}"),
        ("PATH", "/bin"),
    ]))
    .unwrap();
    assert!(config.hook.allow_http && config.hook.timeout.as_secs() == 5);
    assert_eq!(config.aws.account_id, "123456789012");
    assert_eq!(config.send.rates["gcm"].to_string(), "5/min");
    let expected = r#"
        email = { host = "smtp.example.com", port = 587, password = "123", username = "123", telephone = "+49151" }
        other = {}
        sink = { types = ["GCM", "EMAIL"] }
    "#;
    assert_eq!(config.channel, expected.parse().unwrap());
}

#[test]
fn a_channel_setting_keeps_the_type_the_file_gave_it() {
    let (mut sources, _folder) = sources("[channel.gcm]\nproject_id = \"demo\"");
    sources.environment = vec![("PINWHEEL_CHANNEL__GCM__PROJECT_ID".to_owned(), "42".to_owned())];
    let config = Config::load(sources).unwrap();
    assert_eq!(config.channel["gcm"]["project_id"].as_str(), Some("42"));
}

#[test]
fn an_empty_channel_section_enables_and_does_not_erase() {
    let (mut sources, _folder) = sources("[channel.sink]\n[channel.email]\nhost = \"localhost\"");
    sources.overlay = Some("[channel.email]".parse().unwrap());
    let config = Config::load(sources).unwrap();
    assert_eq!(config.channel, "sink = {}\nemail = { host = \"localhost\" }".parse().unwrap());
}

#[test]
fn wrong_variables_and_flags_are_named() {
    for (sources, expected) in [
        (
            variables(&[("PINWHEEL_HOOK__ATTEMPTS_MAX", "many")]),
            "variable PINWHEEL_HOOK__ATTEMPTS_MAX: `hook.attempts_max` is `many`, but must be a whole number",
        ),
        (
            variables(&[("PINWHEEL_HOOK__TIMEOUTS", "5s")]),
            "variable PINWHEEL_HOOK__TIMEOUTS: unknown key `hook.timeouts`; did you mean `hook.timeout`?",
        ),
        (
            variables(&[("PINWHEEL_HOOK_TIMEOUT", "5s")]),
            "variable PINWHEEL_HOOK_TIMEOUT: sections end with two underscores: use `PINWHEEL_HOOK__TIMEOUT`",
        ),
        (
            flags(&["hook.allow_http=yes"]),
            "--set hook.allow_http: `hook.allow_http` is `yes`, but must be true or false",
        ),
        (
            flags(&["hook={timeout = \"5s\"}"]),
            "--set hook: `hook` is `a table`, but must be a section, given key by key",
        ),
        (flags(&["hook.timeout"]), "--set hook.timeout: must have the form `section.key=value`"),
    ] {
        assert_eq!(error(sources), expected);
    }
}

#[test]
fn variables_of_others_are_left_alone() {
    let kubernetes = variables(&[("PINWHEEL_SERVICE_HOST", "10.0.0.1"), ("PINWHEEL_PORT", "tcp://10.0.0.1:80")]);
    Config::load(kubernetes).unwrap();
}

#[test]
fn shown_settings_are_toml_with_origins_and_without_secrets() {
    let (mut sources, folder) = sources(
        "[hook]\ntimeout = \"5s\"\n[channel.email]\nhost = \"localhost\"\npassword = \"hunter2\"\n[channel.sink]",
    );
    sources.environment =
        vec![("PINWHEEL_HOOK__SIGNING_SECRET".to_owned(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())];
    let effective = Effective::load(sources).unwrap();
    let text = effective.to_toml().replace(&format!("{}/", folder.path().display()), "");
    for line in [
        "timeout = \"5s\" # settings.toml:2",
        "signing_secret = \"********\" # variable PINWHEEL_HOOK__SIGNING_SECRET",
        "password = \"********\" # settings.toml:5",
        "attempts_max = 3",
        "[channel.sink]",
        "[send.rates]",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
    let table: Table = text.parse().unwrap();
    assert_eq!(table["channel"]["email"]["host"].as_str(), Some("localhost"));
    let debug = format!("{:?}", effective.config);
    assert!(!text.contains("hunter2") && !debug.contains("hunter2") && !debug.contains("whsec_"), "{debug}");
}

#[test]
fn wrong_sinks_are_refused_by_key() {
    for (sink, expected) in [
        (
            "type = \"file\"\nfiles = 1",
            "3: `event_stream.sinks.a.files` is `1`, but must not be there; the keys of this type are one of ",
        ),
        ("type = \"webhook\"", "`event_stream.sinks.a.url` is `missing`, but must be given"),
        ("type = \"webhook\"\nurl = 5", "3: `event_stream.sinks.a.url` is `5`, but must be a string"),
        (
            "type = \"nats\"\nurl = \"nats://me:hunter2@a\"\ntimeout = \"soon\"",
            "4: `event_stream.sinks.a.timeout` is `soon`, but must be valid: `soon` is not a duration",
        ),
        (
            "type = \"kinesis\"\ndestinations = \"*\"",
            "3: `event_stream.sinks.a.destinations` is `*`, but must be a sequence",
        ),
        ("type = \"kafka\"", "2: `event_stream.sinks.a.type` is `kafka`, but must be one of `file`, `webhook`"),
        ("files_max = 1", "`event_stream.sinks.a` is `a table`, but must be valid: missing field `type`"),
    ] {
        let (sources, _folder) = sources(&format!("[event_stream.sinks.a]\n{sink}"));
        let text = error(sources);
        assert!(text.contains(expected), "{sink}: {text}");
        assert!(!text.contains('\n') && !text.contains("hunter2"), "one problem each: {text}");
    }
}

#[test]
fn roles_of_one_application_have_one_issuer() {
    let roles = |one: &str, two: &str| {
        let section = |name: &str, rest: &str| format!("[identity.{name}]\naudiences = [\"web\"]\n{rest}\n");
        sources(&(section("app", one) + &section("web", two)))
    };
    let app = "issuer = \"https://a.example\"\napplications = [\"shop\", \"blog\"]";
    for web in [
        "issuer = \"https://a.example\"\napplications = [\"shop\"]",
        "issuer = \"https://b.example\"\napplications = [\"forum\"]",
    ] {
        let (sources, _folder) = roles(app, web);
        Config::load(sources).unwrap();
    }
    for issuer in ["https://b.example", "https://a.example/"] {
        let (sources, _folder) = roles(app, &format!("issuer = \"{issuer}\"\napplications = [\"forum\", \"blog\"]"));
        let expected = format!(
            "settings.toml:7: `identity.web.issuer` is `{issuer}`, but must be the same as `identity.app.issuer`: both \
             roles are for the application `blog`, which does not tell users of one issuer from those of another"
        );
        assert_eq!(error(sources), expected);
    }
}

#[test]
fn passwords_in_urls_are_shown_nowhere() {
    let (sources, _folder) =
        sources("[event_stream.sinks.n]\ntype = \"nats\"\nurl = \"nats://me:hunter2@a,nats://x:hunter2@b\"");
    let effective = Effective::load(sources).unwrap();
    let text = effective.to_toml();
    assert!(text.contains("url = \"nats://********@a,nats://********@b\""), "{text}");
    assert!(!text.contains("hunter2") && !format!("{:?}", effective.config).contains("hunter2"));
}
