//! Masks what is recorded: values at some paths become codes, the same for equal values, and so do their occurrences in
//! other texts. Pure, but for its key.

use ring::hmac;

use super::json::Json;

/// Texts that are shorter are not looked for in other texts: they would be found everywhere.
const OCCURRENCE_CHARS_MIN: usize = 4;

/// The path that stands for the ids of endpoints.
const ID: &str = "Id";

/// Names at the top of an answer that are no ids, but the mistakes that replay is to see again.
const NO_IDS: &[&str] = &[
    "MessageConfiguration",
    "ApplicationId",
    "CampaignId",
    "TreatmentId",
    "ActivityId",
    "ScheduledTime",
    "Endpoints",
    "statusCode",
    "headers",
    "body",
    "isBase64Encoded",
];

/// Masks events and their answers.
pub struct Mask {
    ids: bool,
    /// Paths in an endpoint, such as `User.UserId`.
    paths: Vec<String>,
    key: hmac::Key,
}

/// A value that is masked, and its code.
type Pair = (String, String);

/// What is masked in one event.
#[derive(Default)]
struct Known {
    /// Endpoints' ids; codes are the ids themselves when these are not masked.
    ids: Vec<Pair>,
    /// What is looked for in all texts. One may hold another: the longer is first.
    pairs: Vec<Pair>,
}

impl Mask {
    /// A mask of these paths with a key of its own: `key` should be random, so that nobody can try values.
    pub fn new(paths: &[String], key: &[u8]) -> Self {
        Self {
            ids: paths.iter().any(|path| path == ID),
            paths: paths.iter().filter(|path| *path != ID).cloned().collect(),
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
        }
    }

    /// Masks an event, and its answer where there is one.
    pub fn exchange(&self, event: &mut Json, answer: Option<&mut Json>) {
        let known = self.known(event);
        if let Json::Object(members) = event {
            for (name, value) in members {
                match value {
                    Json::Object(endpoints) if name == "Endpoints" => self.endpoints(endpoints, &known, false),
                    other => known.replace_all(other),
                }
            }
        }
        if let Some(answer) = answer {
            self.answer(answer, &known);
        }
    }

    /// Masks an answer that is no JSON. Nobody knows what such text holds, so that only its length is kept.
    pub fn text(&self, answer: &mut String) {
        if self.ids || !self.paths.is_empty() {
            *answer = format!("not recorded: {} bytes that are no JSON", answer.len());
        }
    }

    fn answer(&self, answer: &mut Json, known: &Known) {
        match answer {
            Json::Object(endpoints) => self.endpoints(endpoints, known, true),
            other => {
                self.walk(other, true);
                known.replace_all(other);
            }
        }
    }

    /// The values of an event that are masked.
    fn known(&self, event: &Json) -> Known {
        let mut known = Known::default();
        if let Some(Json::Object(members)) = event.member("Endpoints") {
            for (id, endpoint) in members {
                let code = if self.ids { self.code(id) } else { id.clone() };
                let mut endpoint = endpoint.clone();
                self.paths.iter().for_each(|path| self.at(&mut endpoint, path, &mut known.pairs));
                if self.ids {
                    known.pairs.push((id.clone(), code.clone()));
                }
                known.ids.push((id.clone(), code));
            }
        }
        known.pairs.retain(|(value, _)| value.chars().count() >= OCCURRENCE_CHARS_MIN);
        known.pairs.sort_by(|(one, _), (other, _)| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        known.pairs.dedup();
        known
    }

    /// The members of `Endpoints`, or of an answer.
    fn endpoints(&self, members: &mut [(String, Json)], known: &Known, is_answer: bool) {
        for (id, value) in members {
            match (known.ids.iter().find(|(known, _)| known == id), &mut *value) {
                (Some((_, code)), _) => {
                    self.paths.iter().for_each(|path| self.at(value, path, &mut Vec::new()));
                    self.walk(value, false);
                    known.replace_all(value);
                    id.clone_from(code);
                }
                // The body of an envelope: an answer once more.
                (None, Json::Text(body)) if is_answer && id == "body" => {
                    if !within(body, |answer| self.answer(answer, known)) {
                        self.text(body);
                    }
                }
                (None, _) => {
                    if self.ids && !(is_answer && NO_IDS.contains(&id.as_str())) {
                        *id = self.code(id);
                    }
                    self.walk(value, true);
                    known.replace_all(value);
                }
            }
        }
    }

    /// Masks the paths wherever they may begin: in JSON that is text always, and with `is_anywhere` outside of it too, as
    /// nobody knows where in an envelope endpoints are.
    fn walk(&self, json: &mut Json, is_anywhere: bool) {
        if is_anywhere {
            self.paths.iter().for_each(|path| self.at(json, path, &mut Vec::new()));
        }
        match json {
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
            Json::Text(text) => _ = within(text, |json| self.walk(json, true)),
            Json::List(items) => items.iter_mut().for_each(|item| self.walk(item, is_anywhere)),
            Json::Object(members) => members.iter_mut().for_each(|(_, value)| self.walk(value, is_anywhere)),
        }
    }

    /// Masks what is at a path. A name may hold dots, as attributes' names do.
    fn at(&self, json: &mut Json, path: &str, pairs: &mut Vec<Pair>) {
        let Json::Object(members) = json else { return };
        for (name, value) in members {
            if name == path {
                self.value(value, pairs);
            } else if let Some(rest) = path.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('.')) {
                self.at(value, rest, pairs);
            }
        }
    }

    /// Masks a value of any kind and everything in it. It keeps its type.
    fn value(&self, json: &mut Json, pairs: &mut Vec<Pair>) {
        match json {
            Json::Null | Json::Bool(_) => {}
            Json::Number(number) => {
                // Between -90 and 90 with one decimal: a place on earth stays one.
                // Functions print 3.0 as 3.
                let code = self.digest(&number.as_f64().unwrap_or_default().to_string())[0] % 1_800;
                let masked = code as f64 / 10.0 - 90.0;
                *json = serde_json::Number::from_f64(masked).map_or(Json::Null, Json::Number);
            }
            Json::Text(text) => {
                let code = self.code(text);
                pairs.push((std::mem::replace(text, code.clone()), code));
            }
            Json::List(items) => items.iter_mut().for_each(|item| self.value(item, pairs)),
            Json::Object(members) => members.iter_mut().for_each(|(_, value)| self.value(value, pairs)),
        }
    }

    /// The code of a text: an e-mail address and a telephone number look like some other one.
    fn code(&self, text: &str) -> String {
        let [first, second] = self.digest(text);
        let is_number = |digits: &str| digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
        match text.strip_prefix('+') {
            _ if text.is_empty() => String::new(),
            _ if text.contains('@') => format!("masked-{first:016x}@example.invalid"),
            Some(digits) if is_number(digits) => {
                let code = format!("{first:020}{second:020}");
                format!("+{}", &code[code.len() - digits.len().min(code.len())..])
            }
            _ => format!("masked-{first:016x}"),
        }
    }

    fn digest(&self, text: &str) -> [u64; 2] {
        let tag = hmac::sign(&self.key, text.as_bytes());
        let half = |at: usize| u64::from_be_bytes(tag.as_ref()[at..at + 8].try_into().expect("a tag has 32 bytes"));
        [half(0), half(8)]
    }
}

impl Known {
    /// Replaces what is masked at any endpoint, in all texts and names.
    fn replace_all(&self, json: &mut Json) {
        match json {
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
            Json::Text(text) => {
                if !within(text, |json| self.replace_all(json)) {
                    replace_in(text, &self.pairs);
                }
            }
            Json::List(items) => items.iter_mut().for_each(|item| self.replace_all(item)),
            Json::Object(members) => {
                for (name, value) in members {
                    replace_in(name, &self.pairs);
                    self.replace_all(value);
                }
            }
        }
    }
}

/// Changes a JSON object or list that is written as text: escapes hide what is in it. False when it is none.
fn within(text: &mut String, change: impl FnOnce(&mut Json)) -> bool {
    if !text.trim_start().starts_with(['{', '[']) {
        return false;
    }
    let Ok(before) = serde_json::from_str::<Json>(text) else { return false };
    let mut json = before.clone();
    change(&mut json);
    // What holds nothing to mask stays as it was written.
    if json != before {
        *text = serde_json::to_string(&json).expect("JSON can be printed");
    }
    true
}

fn replace_in(text: &mut String, pairs: &[Pair]) {
    for (value, code) in pairs {
        if text.contains(value.as_str()) {
            *text = text.replace(value.as_str(), code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::record::compare::{Compared, Outcome, What, compare};
    use crate::hook::sent::Endpoints;

    fn mask(paths: &[&str]) -> Mask {
        Mask::new(&paths.iter().map(|&path| path.to_owned()).collect::<Vec<_>>(), b"key")
    }

    /// Event and answer, masked at the default paths.
    fn masked(endpoints: &str, answer: &str) -> (String, String) {
        let mut event: Json =
            serde_json::from_str(&format!(r#"{{"MessageConfiguration":{{}},"Endpoints":{endpoints}}}"#)).unwrap();
        let mut answer: Json = serde_json::from_str(answer).unwrap();
        let paths = ["Id", "Address", "User.UserId", "Location.PostalCode", "Location.Latitude"];
        mask(&paths).exchange(&mut event, Some(&mut answer));
        (serde_json::to_string(&event).unwrap(), serde_json::to_string(&answer).unwrap())
    }

    const ENDPOINTS: &str = concat!(
        r#"{"ami@example.com":{"ChannelType":"EMAIL","Address":"ami@example.com","Location":{"Latitude":48.2,"City":"Graz"},"#,
        r#""Attributes":{"Mail":["to ami@example.com!"]},"User":{"UserId":"user-7"}},"#,
        r#""two":{"ChannelType":"SMS","Address":"+12065550100","User":{"UserId":"user-7"}}}"#
    );

    #[test]
    fn equal_values_get_equal_codes_and_keep_their_types() {
        let (event, answer) = masked(ENDPOINTS, ENDPOINTS);
        for secret in ["ami@example.com", "+12065550100", "user-7", "48.2", "\"two\""] {
            assert!(!event.contains(secret) && !answer.contains(secret), "{secret}: {event} {answer}");
        }
        assert!(event.ends_with(&format!("{answer}}}")), "{event} {answer}");
        let code = mask(&[]).code("ami@example.com");
        assert_eq!(event.matches(&code).count(), 3, "id, address and attribute: {event}");
        assert_eq!(event.matches(&mask(&[]).code("user-7")).count(), 2, "{event}");
        let event: serde_json::Value = serde_json::from_str(&event).unwrap();
        let endpoint = &event["Endpoints"][&code];
        assert!(endpoint["Location"]["Latitude"].as_f64().unwrap().abs() <= 90.0);
        assert_eq!((&endpoint["ChannelType"], &endpoint["Location"]["City"]), (&"EMAIL".into(), &"Graz".into()));
        let number = event["Endpoints"][mask(&[]).code("two")]["Address"].as_str().unwrap().to_owned();
        assert!(number.len() == 12 && number.starts_with('+') && number[1..].bytes().all(|b| b.is_ascii_digit()));
    }

    #[test]
    fn values_that_functions_write_are_masked_too() {
        let answer = r#"{"two":{"Address":"other-address","BodyOverride":"Hi +12065550100, see user-7"},"made-up-id":{"Address":"third-address"}}"#;
        let (_, answer) = masked(ENDPOINTS, answer);
        for secret in ["other-address", "+12065550100", "user-7", "made-up-id", "third-address"] {
            assert!(!answer.contains(secret), "{secret}: {answer}");
        }
        assert!(answer.contains(r#""BodyOverride":"Hi +"#), "the rest of an override stays: {answer}");
    }

    #[test]
    fn mistakes_stay_visible_and_hold_no_secrets() {
        let cases = [
            (format!(r#"{{"Endpoints":{ENDPOINTS}}}"#), r#"{"Endpoints":{"masked-"#),
            (
                r#"{"statusCode":200,"body":"{\"two\":{\"Address\":\"+12065550100\"}}"}"#.into(),
                r#"{"statusCode":200,"body":"{"#,
            ),
            (r#"["ami@example.com"]"#.into(), r#"["masked-"#),
            (r#"[{"Address":"ami@example.com"}]"#.into(), r#"[{"Address":"masked-"#),
            ("null".into(), "null"),
        ];
        for (answer, begin) in cases {
            let (_, answer) = masked(ENDPOINTS, &answer);
            assert!(answer.starts_with(begin), "{answer}");
            for secret in ["ami@example.com", "+12065550100", "user-7"] {
                assert!(!answer.contains(secret), "{secret}: {answer}");
            }
        }
        let mut text = "no JSON for somebody".to_owned();
        mask(&["Address"]).text(&mut text);
        assert_eq!(text, "not recorded: 20 bytes that are no JSON");
    }

    #[test]
    fn no_text_of_any_endpoint_hides_values() {
        for answer in [
            // Of another endpoint, and in an override.
            r#"{"two":{"BodyOverride":"Hi ami@example.com"}}"#,
            // JSON as text, whose escapes hide the value; also twice.
            r#"{"two":{"Attributes":{"Raw":["{\"a\":\"\\u0061mi@example.com\"}"]}}}"#,
            r#"{"two":{"Attributes":{"Raw":["[\"[\\\"\\\\u0061mi@example.com\\\"]\"]"]}}}"#,
            r#"{"statusCode":200,"body":"{\"two\":{\"Note\":\"\\u0061mi@example.com\"}}"}"#,
            // What only the function knows, at a masked path.
            r#"{"statusCode":200,"body":"{\"two\":{\"Address\":\"\\u0061mi@example.com new\"}}"}"#,
            r#"{"two":{"Attributes":{"Raw":["{\"Address\":\"new\"}"]}}}"#,
            r#"{"statusCode":200,"isBase64Encoded":true,"body":"bmV3"}"#,
            r#"{"statusCode":200,"body":"new"}"#,
        ] {
            let (_, masked) = masked(ENDPOINTS, answer);
            for secret in ["ami@", "u0061", "new", "bmV3", "\\\"two\\\""] {
                assert!(!masked.contains(secret), "{secret}: {masked}");
            }
        }
        let untouched = r#"{"two":{"Attributes":{"Raw":["{ \"lang\" : \"de\" }"]}}}"#;
        assert!(masked(ENDPOINTS, untouched).1.contains(r#"{ \"lang\" : \"de\" }"#), "it stays as it was written");
    }

    #[test]
    fn paths_may_lead_to_groups_lists_and_names_with_dots() {
        let mut event: Json = serde_json::from_str(
            r#"{"Endpoints":{"one":{"Attributes":{"First.Name":["Amara","Bo"],"Tier":["gold"]},"Location":{"City":"Graz","Latitude":1}}}}"#,
        )
        .unwrap();
        mask(&["Attributes.First.Name", "Location"]).exchange(&mut event, None);
        let text = serde_json::to_string(&event).unwrap();
        for secret in ["Amara", "\"Bo\"", "Graz"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(text.contains(r#""one":{"#) && text.contains(r#"["gold"]"#), "what is not named stays: {text}");
    }

    /// What becomes of each endpoint, and which members of it change.
    fn decided(event: &Json, answer: &Json) -> Vec<(bool, bool, bool, Vec<String>)> {
        let print = |json: &Json| serde_json::to_vec(json).unwrap();
        let sent = Endpoints::read(&print(event)).unwrap();
        let nothing = format!(
            "{{{}}}",
            sent.ids().map(|id| format!("{}:{{}}", serde_json::json!(id))).collect::<Vec<_>>().join(",")
        );
        let unchanged = Outcome::of(Ok(nothing.as_bytes()), &sent);
        let outcome = Outcome::of(Ok(&print(answer)), &sent);
        let differences = match compare(&sent, &unchanged, &outcome) {
            Compared::Same => Vec::new(),
            Compared::Endpoints(differences) => differences,
            Compared::Errors { .. } => panic!("both can be decoded"),
        };
        let of = |id: &str| {
            let whats: Vec<&What> = differences.iter().filter(|one| one.endpoint == id).map(|one| &one.what).collect();
            let names = whats.iter().filter_map(|what| match what {
                What::Member(name) => Some(name.clone()),
                _ => None,
            });
            let has = |what: &What| whats.contains(&what);
            (has(&What::Dropped), has(&What::TitleOverride), has(&What::BodyOverride), names.collect())
        };
        sent.ids().map(of).collect()
    }

    #[test]
    fn masking_changes_no_decision() {
        let read = |text: &str| serde_json::from_str::<Json>(text).unwrap();
        let mut event = read(include_str!("../../../tests/data/hook-examples/filter-event.json"));
        let mut answer = read(include_str!("../../../tests/data/hook-examples/filter-response.json"));
        let before = decided(&event, &answer);
        let paths = ["Id", "Address", "User", "Location", "Attributes"];
        mask(&paths).exchange(&mut event, Some(&mut answer));
        assert_eq!(decided(&event, &answer), before);
        assert!(before.iter().filter(|one| one.0).count() >= 9 && before.iter().any(|one| !one.3.is_empty()));
    }

    #[test]
    fn another_key_gives_other_codes() {
        assert_ne!(Mask::new(&[], b"1").code("someone"), Mask::new(&[], b"2").code("someone"));
    }
}
