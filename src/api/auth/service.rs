//! The services whose APIs are served here, told apart by their paths.

/// What a request is for, and has to be signed for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Service {
    Pinpoint,
    Lambda,
}

impl Service {
    /// The service of a path, as [`signed_path`](super::signed_path) has it.
    ///
    /// Lambda's paths begin with the date of an API's version, such as `/2015-03-31/functions`. Pinpoint's begin with `/v1`.
    pub fn of(path: &str) -> Self {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let is_date = first.len() == 10
            && first.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if is_date { Self::Lambda } else { Self::Pinpoint }
    }

    /// The name in signatures and in the actions of policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pinpoint => "mobiletargeting",
            Self::Lambda => "lambda",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_told_by_paths() {
        for path in ["/2015-03-31/functions", "/2017-10-31/functions/f/concurrency", "/2016-08-19/account-settings/"] {
            assert_eq!(Service::of(path), Service::Lambda, "{path}");
        }
        for path in
            ["", "/", "/v1/apps", "/v1/2015-03-31", "/2015-3-31/functions", "/2015-03-3x/functions", "/20150331"]
        {
            assert_eq!(Service::of(path), Service::Pinpoint, "{path}");
        }
    }
}
