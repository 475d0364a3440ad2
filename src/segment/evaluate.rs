//! From a segment's id to the numbers of its endpoints.

use std::collections::HashMap;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::scan::{self, Matches, Question};
use super::{Combine, Definition, Error, Predicate, compile};
use crate::domain::ApplicationId;
use crate::store::{self, DefinitionStore, EndpointPage, EndpointStore, EventStore, Kind};

/// Finds the endpoints of a segment, of its latest version if none is given. `now` is what recency counts back from.
///
/// Shape: only endpoints that exist, also those that are inactive or opted out.
/// One scan of the application answers for the segment and all its sources.
pub async fn evaluate<S: EndpointStore + DefinitionStore + EventStore + ?Sized>(
    store: &S,
    application: &ApplicationId,
    segment_id: &str,
    version: Option<u32>,
    now: Timestamp,
) -> Result<RoaringBitmap, Error> {
    let (plans, predicates) = load(store, application, segment_id, version, now).await?;
    let matches = scan::matching(store, application, predicates).await?;
    Ok(combine(&plans, &matches))
}

/// As [`evaluate`], for no more than these endpoints: it reads them, and not the whole application.
pub async fn evaluate_among<S: EndpointStore + DefinitionStore + EventStore + ?Sized>(
    store: &S,
    application: &ApplicationId,
    segment_id: &str,
    version: Option<u32>,
    now: Timestamp,
    among: &RoaringBitmap,
) -> Result<RoaringBitmap, Error> {
    let (plans, predicates) = load(store, application, segment_id, version, now).await?;
    let matches = scan::matching_among(store, application, predicates, among).await?;
    Ok(combine(&plans, &matches))
}

/// A version of a segment that was read and compiled, for asking about endpoints again and again.
pub struct Compiled {
    plans: Vec<(Key, Plan)>,
    question: Question,
}

impl Compiled {
    /// Reads a segment, its latest version if none is given, and compiles it. It stays as it was then: later versions do not
    /// show, recency counts back from this `now`, and events after it do not count.
    pub async fn load<S: EndpointStore + DefinitionStore + EventStore + ?Sized>(
        store: &S,
        application: &ApplicationId,
        segment_id: &str,
        version: Option<u32>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let (plans, predicates) = load(store, application, segment_id, version, now).await?;
        Ok(Self { plans, question: Question::new(store, application, predicates).await? })
    }

    /// The endpoints of the page that are in the segment. Some microseconds an endpoint, on the caller's thread.
    pub fn among(&self, page: &EndpointPage) -> Result<RoaringBitmap, Error> {
        Ok(combine(&self.plans, &self.question.ask(page)?))
    }
}

/// The segment and its sources, and the predicates of all of them.
async fn load<S: EndpointStore + DefinitionStore + ?Sized>(
    store: &S,
    application: &ApplicationId,
    segment_id: &str,
    version: Option<u32>,
    now: Timestamp,
) -> Result<(Vec<(Key, Plan)>, Vec<Predicate>), Error> {
    let mut loader = Loader { store, application, now, trail: Vec::new(), plans: Vec::new(), predicates: Vec::new() };
    loader.load(segment_id.to_owned(), version).await?;
    Ok((loader.plans, loader.predicates))
}

/// A version of a segment.
type Key = (String, u32);

/// A segment without its predicates: they stand in one list for all segments.
enum Plan {
    Members(RoaringBitmap),
    Dimensions(usize),
    Groups { groups: Vec<GroupPlan>, include: Combine },
}

struct GroupPlan {
    sources: Vec<Key>,
    source_type: Combine,
    predicates: Vec<usize>,
    combine: Combine,
}

/// The set algebra of segments. Every segment comes after its sources, the last one is the one asked for.
fn combine(plans: &[(Key, Plan)], matches: &Matches) -> RoaringBitmap {
    let Matches { everyone, matching } = matches;
    let mut segments: HashMap<&Key, RoaringBitmap> = HashMap::new();
    let mut last = RoaringBitmap::new();
    for (key, plan) in plans {
        last = match plan {
            Plan::Members(members) => members & everyone,
            Plan::Dimensions(predicate) => matching[*predicate].clone(),
            Plan::Groups { groups, include } => {
                let groups: Vec<_> = groups
                    .iter()
                    .map(|group| {
                        let sources = group.sources.iter().map(|source| &segments[source]);
                        let dimensions = group.predicates.iter().map(|&predicate| &matching[predicate]);
                        group.source_type.apply(everyone, sources) & group.combine.apply(everyone, dimensions)
                    })
                    .collect();
                include.apply(everyone, &groups)
            }
        };
        segments.insert(key, last.clone());
    }
    last
}

/// Loads a segment and its sources, sources first.
struct Loader<'a, S: ?Sized> {
    store: &'a S,
    application: &'a ApplicationId,
    now: Timestamp,
    /// The segments being loaded, each a source of the one before.
    trail: Vec<Key>,
    plans: Vec<(Key, Plan)>,
    predicates: Vec<Predicate>,
}

/// What an imported segment's document has beside the request.
#[derive(Deserialize)]
struct Imported {
    #[serde(rename = "ImportDefinition")]
    definition: Option<IgnoredAny>,
}

impl<S: EndpointStore + DefinitionStore + ?Sized> Loader<'_, S> {
    fn load(&mut self, id: String, version: Option<u32>) -> BoxFuture<'_, Result<Key, Error>> {
        Box::pin(async move {
            let found = self.definition(&id, version).await?;
            let key = (id, found.version);
            if let Some(start) = self.trail.iter().position(|one| *one == key) {
                let trail = self.trail[start..].iter().chain([&key]).map(|(id, _)| id.clone()).collect();
                return Err(Error::Cycle { id: key.0, trail });
            }
            if self.plans.iter().all(|(loaded, _)| *loaded != key) {
                self.trail.push(key.clone());
                let plan = self.plan(&key, &found.document).await?;
                self.trail.pop();
                self.plans.push((key.clone(), plan));
            }
            Ok(key)
        })
    }

    async fn definition(&self, id: &str, version: Option<u32>) -> Result<store::Definition, Error> {
        let found = self.store.definition(Some(self.application), Kind::Segment, id, version).await?;
        found.ok_or_else(|| match self.trail.last() {
            None => Error::NotFound { id: id.to_owned(), version },
            Some((of, _)) => Error::SourceNotFound { of: of.clone(), id: id.to_owned(), version },
        })
    }

    async fn plan(&mut self, key: &Key, document: &str) -> Result<Plan, Error> {
        let (id, version) = key;
        if let Some(members) = self.store.segment_members(self.application, id, *version).await? {
            return Ok(Plan::Members(members));
        }
        let damaged = |source| Error::DamagedDefinition { id: id.clone(), version: *version, source };
        let imported: Imported = serde_json::from_str(document).map_err(damaged)?;
        if imported.definition.is_some() {
            // Taken for a dynamic segment without a filter, it would be everyone.
            return Err(Error::NoMembers { id: id.clone(), version: *version });
        }
        let request = serde_json::from_str(document).map_err(damaged)?;
        let definition = compile(&request, self.now).map_err(|source| Error::Definition {
            id: id.clone(),
            version: *version,
            source,
        })?;
        Ok(match definition {
            Definition::Dimensions(predicate) => Plan::Dimensions(self.number(predicate)),
            Definition::Groups { groups, include } => {
                let mut plans = Vec::with_capacity(groups.len());
                for group in groups {
                    let mut sources = Vec::with_capacity(group.sources.len());
                    for source in group.sources {
                        sources.push(self.load(source.id, source.version).await?);
                    }
                    plans.push(GroupPlan {
                        sources,
                        source_type: group.source_type,
                        predicates: group.predicates.into_iter().map(|predicate| self.number(predicate)).collect(),
                        combine: group.combine,
                    });
                }
                Plan::Groups { groups: plans, include }
            }
        })
    }

    fn number(&mut self, predicate: Predicate) -> usize {
        self.predicates.push(predicate);
        self.predicates.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::super::fake::Fake;
    use super::*;
    use crate::domain::Endpoint;

    /// A store with endpoints `0..count`; number `n` has the attribute `n mod 2`, `n mod 3` and `n mod 5`.
    fn store(count: u32) -> Fake {
        let store = Fake::default();
        for number in 0..count {
            let mut endpoint = Endpoint::default();
            for modulus in [2, 3, 5] {
                endpoint.attributes.insert(format!("mod{modulus}"), vec![(number % modulus).to_string()]);
            }
            store.add(&format!("endpoint-{number}"), endpoint);
        }
        store
    }

    fn divisible(modulus: u32) -> String {
        format!(r#"{{"Attributes":{{"mod{modulus}":{{"AttributeType":"INCLUSIVE","Values":["0"]}}}}}}"#)
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    fn members(store: &Fake, id: &str, version: Option<u32>) -> Result<Vec<u32>, Error> {
        let application = ApplicationId::new("app");
        let set = runtime().block_on(evaluate(store, &application, id, version, Timestamp::UNIX_EPOCH))?;
        Ok(set.into_iter().collect())
    }

    #[test]
    fn a_segment_without_filter_is_everyone() {
        let store = store(20);
        store.define("empty", r#"{"Name":"all"}"#);
        store.define("braces", r#"{"Dimensions":{}}"#);
        store.define("no groups", r#"{"SegmentGroups":{"Groups":[],"Include":"ANY"}}"#);
        for id in ["empty", "braces", "no groups"] {
            assert_eq!(members(&store, id, None).unwrap(), (0..20).collect::<Vec<_>>(), "{id}");
        }
    }

    #[test]
    fn versions_are_kept_apart_and_the_latest_is_the_default() {
        let store = store(12);
        store.define("s", &format!(r#"{{"Dimensions":{}}}"#, divisible(5)));
        store.define("s", &format!(r#"{{"Dimensions":{}}}"#, divisible(3)));
        let earlier = r#"{"SegmentGroups":{"Groups":[{"SourceSegments":[{"Id":"s","Version":1}]}]}}"#;
        store.define("s", earlier);
        assert_eq!(members(&store, "s", Some(2)).unwrap(), [0, 3, 6, 9]);
        assert_eq!(members(&store, "s", None).unwrap(), [0, 5, 10], "an earlier version of itself is no circle");
    }

    #[test]
    fn an_imported_segment_has_the_members_that_still_exist() {
        let store = store(10);
        store.define("imported", r#"{"Name":"i","ImportDefinition":{"Size":3}}"#);
        let error = members(&store, "imported", None).unwrap_err();
        let expected = "version 1 of the imported segment `imported` has no members: its import did not end";
        assert_eq!(error.to_string(), expected);
        store.import("imported", 1, &[2, 3, 99]);
        assert_eq!(members(&store, "imported", None).unwrap(), [2, 3]);
    }

    #[test]
    fn what_cannot_be_evaluated_says_why() {
        let store = store(3);
        let source = |id: &str| format!(r#"{{"SegmentGroups":{{"Groups":[{{"SourceSegments":[{{"Id":"{id}"}}]}}]}}}}"#);
        store.define("a", &source("b"));
        store.define("b", &source("c"));
        store.define("c", &source("b"));
        store.define("lost", &source("nowhere"));
        store.define("wrong", r#"{"SegmentGroups":{"Include":"SOME"}}"#);
        store.define("damaged", r#"{"Dimensions":7}"#);
        let cases = [
            ("a", None, "segment `b` is a source of itself: b → c → b"),
            ("lost", None, "segment `lost` has the source segment `nowhere`, which does not exist"),
            ("nowhere", None, "there is no segment `nowhere`"),
            ("a", Some(2), "there is no version 2 of segment `a`"),
            ("wrong", None, "segment `wrong`, version 1: SegmentGroups.Include: `SOME` is not one of ALL, ANY, NONE"),
            ("damaged", None, "the stored definition of segment `damaged`, version 1, is damaged"),
        ];
        for (id, version, expected) in cases {
            assert_eq!(members(&store, id, version).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn recency_counts_events_in_every_way_of_asking() {
        let store = store(20);
        let application = ApplicationId::new("app");
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(10_000);
        // None was ever updated.
        for (number, hours) in [(1, 1), (2, 24), (3, 25), (8, 7 * 24), (9, 8 * 24), (15, 30 * 24)] {
            store.had_event(number, now - SignedDuration::from_hours(hours));
        }
        let recency = |duration: &str, kind: &str| {
            format!(r#"{{"Behavior":{{"Recency":{{"Duration":"{duration}","RecencyType":"{kind}"}}}}}}"#)
        };
        let of_both = format!(
            r#"{{"SegmentGroups":{{"Groups":[{{"Dimensions":[{},{}],"Type":"ALL"}}]}}}}"#,
            recency("HR_24", "INACTIVE"),
            recency("DAY_7", "ACTIVE")
        );
        store.define("day", &format!(r#"{{"Dimensions":{}}}"#, recency("HR_24", "ACTIVE")));
        store.define("month", &format!(r#"{{"Dimensions":{}}}"#, recency("DAY_30", "ACTIVE")));
        store.define("gone", &format!(r#"{{"Dimensions":{}}}"#, recency("DAY_7", "INACTIVE")));
        store.define("both", &of_both);
        let gone = (0..20).filter(|number| ![1, 2, 3, 8].contains(number)).collect::<Vec<u32>>();
        let few: RoaringBitmap = (0..9).collect();
        for (id, expected) in
            [("day", vec![1, 2]), ("month", vec![1, 2, 3, 8, 9, 15]), ("gone", gone), ("both", vec![3, 8])]
        {
            let expected: RoaringBitmap = expected.into_iter().collect();
            let (members, among, in_page) = runtime().block_on(async {
                let compiled = Compiled::load(&store, &application, id, None, now).await.unwrap();
                let page = store.load_endpoints(&application, few.iter().collect()).await.unwrap();
                (
                    evaluate(&store, &application, id, None, now).await.unwrap(),
                    evaluate_among(&store, &application, id, None, now, &few).await.unwrap(),
                    compiled.among(&page).unwrap(),
                )
            });
            assert_eq!(members, expected, "{id}");
            assert_eq!((&among, &in_page), (&(&expected & &few), &(&expected & &few)), "{id}");
        }
    }

    /// A group by the moduli of its dimensions and sources, for a naive evaluation.
    #[derive(Clone, Debug)]
    struct Naive {
        sources: Vec<u32>,
        source_type: &'static str,
        dimensions: Vec<u32>,
        combine: &'static str,
    }

    fn holds(combine: &str, mut facts: impl ExactSizeIterator<Item = bool>) -> bool {
        match combine {
            _ if facts.len() == 0 => true,
            "ALL" => facts.all(|fact| fact),
            "ANY" => facts.any(|fact| fact),
            _ => !facts.any(|fact| fact),
        }
    }

    impl Naive {
        fn matches(&self, number: u32) -> bool {
            // The segment `7` is an imported one, and holds what 7 divides.
            holds(self.source_type, self.sources.iter().map(|modulus| number.is_multiple_of(*modulus)))
                && holds(self.combine, self.dimensions.iter().map(|modulus| number.is_multiple_of(*modulus)))
        }

        fn json(&self) -> String {
            let sources: Vec<_> = self.sources.iter().map(|modulus| format!(r#"{{"Id":"{modulus}"}}"#)).collect();
            let dimensions: Vec<_> = self.dimensions.iter().map(|modulus| divisible(*modulus)).collect();
            format!(
                r#"{{"SourceSegments":[{}],"SourceType":"{}","Dimensions":[{}],"Type":"{}"}}"#,
                sources.join(","),
                self.source_type,
                dimensions.join(","),
                self.combine
            )
        }
    }

    fn word() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["ALL", "ANY", "NONE"])
    }

    fn group() -> impl Strategy<Value = Naive> {
        let sources = prop::collection::vec(prop::sample::select(vec![2, 3, 5, 7]), 0..3);
        let dimensions = prop::collection::vec(prop::sample::select(vec![2, 3, 5]), 0..3);
        (sources, word(), dimensions, word()).prop_map(|(sources, source_type, dimensions, combine)| Naive {
            sources,
            source_type,
            dimensions,
            combine,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn groups_are_what_a_naive_evaluation_says(
            groups in prop::collection::vec(group(), 0..4),
            include in word(),
        ) {
            let store = store(64);
            for modulus in [2, 3, 5] {
                store.define(&modulus.to_string(), &format!(r#"{{"Dimensions":{}}}"#, divisible(modulus)));
            }
            store.define("7", r#"{"ImportDefinition":{}}"#);
            store.import("7", 1, &(0..64).filter(|number| number % 7 == 0).collect::<Vec<_>>());
            let list: Vec<_> = groups.iter().map(Naive::json).collect();
            let groups_json = format!(r#"{{"Groups":[{}],"Include":"{include}"}}"#, list.join(","));
            store.define("s", &format!(r#"{{"SegmentGroups":{groups_json}}}"#));
            let expected: Vec<u32> = (0..64)
                .filter(|number| holds(include, groups.iter().map(|group| group.matches(*number))))
                .collect();
            prop_assert_eq!(members(&store, "s", None).unwrap(), &expected[..]);
            let few: RoaringBitmap = (10..20).chain([70]).collect();
            let (runtime, application) = (runtime(), ApplicationId::new("app"));
            let compiled = Compiled::load(&store, &application, "s", None, Timestamp::UNIX_EPOCH);
            let compiled = runtime.block_on(compiled).unwrap();
            let page = runtime.block_on(store.load_endpoints(&application, few.iter().collect())).unwrap();
            let in_page = compiled.among(&page).unwrap();
            let among = evaluate_among(&store, &application, "s", None, Timestamp::UNIX_EPOCH, &few);
            let among = runtime.block_on(among).unwrap();
            let expected: RoaringBitmap = expected.into_iter().filter(|number| few.contains(*number)).collect();
            prop_assert_eq!(&among, &expected);
            prop_assert_eq!(in_page, expected);
        }
    }
}
