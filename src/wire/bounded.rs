//! Lists and maps of requests that may hold so many entries and no more.
//!
//! They stop keeping entries at the limit, so that a small request of very many empty ones takes no memory.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::lenient::Text;

/// A list of at most `MAX` items.
pub struct List<T, const MAX: usize>(pub Vec<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for ListVisitor<T, MAX> {
            type Value = List<T, MAX>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(MAX));
                while items.len() < MAX {
                    let Some(item) = seq.next_element()? else { return Ok(List(items)) };
                    items.push(item);
                }
                let mut count = items.len();
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                if count > MAX {
                    Err(A::Error::custom(format!("{count} items, the limit is {MAX}")))
                } else {
                    Ok(List(items))
                }
            }
        }
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

/// An object of at most `MAX` members under names that the client chose, in the order they came. Of members with one name
/// the last one counts.
pub struct Entries<'a, T, const MAX: usize>(pub Vec<(Text<'a>, T)>);

/// None.
impl<T, const MAX: usize> Default for Entries<'_, T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Entries<'a, T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<'a, T, const MAX: usize>(PhantomData<(&'a (), T)>);
        impl<'de: 'a, 'a, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for EntriesVisitor<'a, T, MAX> {
            type Value = Entries<'a, T, MAX>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries: Vec<(Text<'a>, T)> = Vec::new();
                let mut count = 0;
                while let Some(name) = map.next_key::<Text<'a>>()? {
                    // Few enough to look through.
                    if let Some((_, entry)) = entries.iter_mut().find(|(known, _)| *known == name) {
                        *entry = map.next_value()?;
                        continue;
                    }
                    count += 1;
                    if count > MAX {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        entries.push((name, map.next_value()?));
                    }
                }
                if count > MAX {
                    return Err(A::Error::custom(format!("{count} entries, the limit is {MAX}")));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

/// An object. Derived readers would take a list for an object whose members come in order.
#[derive(Default)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn entries_past_the_limit_are_counted_and_refused() {
        let list = |json| serde_json::from_str::<List<u8, 2>>(json).map(|list| list.0);
        assert!(list("[]").unwrap().is_empty());
        assert_eq!(list("[1,2]").unwrap(), [1, 2]);
        assert!(list(r#"[1,2,3,{"a":[]}]"#).unwrap_err().to_string().starts_with("4 items, the limit is 2"));
        assert!(list("{}").is_err());

        type Two<'a> = Entries<'a, u8, 2>;
        let entries = |json| serde_json::from_str::<Two<'_>>(json).map(|entries| entries.0);
        let last: Vec<_> = entries(r#"{"b":1,"a":2,"b":3}"#).unwrap();
        let last: Vec<_> = last.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        assert_eq!(last, [("b", 3), ("a", 2)]);
        let error = entries(r#"{"a":1,"b":2,"c":[],"d":4}"#).map(drop).unwrap_err().to_string();
        assert!(error.starts_with("4 entries, the limit is 2"), "{error}");
        assert!(entries("[1]").is_err());
    }

    #[test]
    fn a_list_is_no_object() {
        #[derive(Default, Deserialize)]
        struct One {
            a: u8,
        }
        assert_eq!(serde_json::from_str::<Object<One>>(r#"{"a":1}"#).unwrap().0.a, 1);
        assert!(serde_json::from_str::<Object<One>>("[1]").is_err());
        assert!(serde_json::from_str::<Object<One>>("{}").is_err());
    }
}
