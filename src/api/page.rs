//! Pages of lists: sizes are text, tokens are opaque.
//!
//! A token names the last item of its page, not a count, so that it survives restarts and goes on at the right place when
//! items come and go meanwhile.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Error;

/// Items of a page unless the client says otherwise.
const ITEMS_DEFAULT: usize = 100;
/// Items of a page at most; larger sizes are cut to it.
const ITEMS_MAX: usize = 200;

/// What a client asks for.
#[derive(Debug, Eq, PartialEq)]
pub struct Page<K> {
    pub items_max: usize,
    /// The last item of the page before.
    pub after: Option<K>,
}

impl<K: Serialize + DeserializeOwned> Page<K> {
    /// Reads size and token. `list` tells lists apart, so that a token of one is no token of another.
    ///
    /// Errors: a size that is no number above 0, a token that was not made for this list.
    pub fn read(list: &str, size: Option<&str>, token: Option<&str>) -> Result<Self, Error> {
        let items_max = match size {
            None => ITEMS_DEFAULT,
            Some(text) => match text.parse::<u64>() {
                Ok(items @ 1..) => usize::try_from(items).map_or(ITEMS_MAX, |items| items.min(ITEMS_MAX)),
                _ => return Err(Error::bad_request(format!("page-size: `{text}` is not a whole number above 0"))),
            },
        };
        // Hand-written loops begin with an empty token.
        let after = token.filter(|token| !token.is_empty()).map(|token| read_token(list, token)).transpose()?;
        Ok(Self { items_max, after })
    }

    /// Cuts `items`, of which one more than fits was asked for, to the page, and makes the token of the next.
    pub fn cut<T>(&self, list: &str, items: &mut Vec<T>, key: impl Fn(&T) -> K) -> Option<String> {
        if items.len() <= self.items_max {
            return None;
        }
        items.truncate(self.items_max);
        items.last().map(|last| token(list, &key(last)))
    }

    /// As [`cut`](Self::cut), for a list that is there as a whole, in ascending order of its keys.
    pub fn cut_whole<T>(&self, list: &str, items: Vec<T>, key: impl Fn(&T) -> K) -> (Vec<T>, Option<String>)
    where
        K: Ord,
    {
        let is_after = |item: &T| self.after.as_ref().is_none_or(|after| key(item) > *after);
        let mut rest: Vec<T> = items.into_iter().filter(is_after).take(self.items_max + 1).collect();
        let token = self.cut(list, &mut rest, key);
        (rest, token)
    }
}

fn token<K: Serialize>(list: &str, key: &K) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(list, key)).expect("keys of lists are JSON"))
}

fn read_token<K: DeserializeOwned>(list: &str, text: &str) -> Result<K, Error> {
    let read = || {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (of, key): (String, K) = serde_json::from_slice(&bytes).ok()?;
        (of == list).then_some(key)
    };
    read().ok_or_else(|| Error::bad_request("token: it was not made for this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Numbers = Page<u32>;

    #[test]
    fn sizes_are_text() {
        let size =
            |text| Numbers::read("list", text, None).map(|page| page.items_max).map_err(|e| e.message().to_owned());
        assert_eq!(size(None), Ok(100));
        assert_eq!(size(Some("20")), Ok(20));
        assert_eq!(size(Some("5000")), Ok(200));
        assert!(size(Some("99999999999999999999")).is_err());
        for wrong in ["0", "-1", "", "two", "1.5"] {
            assert_eq!(size(Some(wrong)), Err(format!("page-size: `{wrong}` is not a whole number above 0")));
        }
    }

    #[test]
    fn tokens_lead_through_a_list_that_changes() {
        let mut seen: Vec<u32> = Vec::new();
        let mut list: Vec<u32> = (0..10).collect();
        let mut token = None;
        loop {
            let page = Numbers::read("list", Some("3"), token.as_deref()).unwrap();
            let (items, next) = page.cut_whole("list", list.clone(), |n| *n);
            seen.extend(&items);
            // What was shown goes away; nothing is skipped or shown twice for it.
            list.retain(|n| !items.contains(n));
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn tokens_of_other_lists_are_refused() {
        let page = Numbers::read("list", Some("1"), None).unwrap();
        let (_, token) = page.cut_whole("list", vec![1, 2], |n| *n);
        assert!(Numbers::read("list", None, token.as_deref()).is_ok());
        for wrong in [token.as_deref().map(|token| ("other", token)), Some(("list", "x")), Some(("list", "x%"))] {
            let (list, token) = wrong.unwrap();
            assert!(Numbers::read(list, None, Some(token)).is_err());
        }
    }
}
