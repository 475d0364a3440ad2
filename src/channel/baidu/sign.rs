//! Baidu's signature, by which it knows who sends.

use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};

/// Signs a request: MD5 of the URL-encoded text of method, URL, sorted parameters and secret key, in hexadecimal digits.
///
/// Source: Baidu Cloud Push documentation, "Guide for third-party SDKs", signature algorithm.
pub fn sign(method: &str, url: &str, parameters: &[(&str, &str)], secret_key: &SecretString) -> String {
    let mut sorted = parameters.to_vec();
    sorted.sort_unstable();
    let mut digest = Md5::new();
    // Encoding piece by piece gives the same text as encoding the whole.
    let mut add = |piece: &str| digest.update(encode(piece));
    add(method);
    add(url);
    for (name, value) in sorted {
        add(name);
        add("=");
        add(value);
    }
    add(secret_key.expose_secret());
    hex::encode(digest.finalize())
}

/// URL-encodes as PHP's `urlencode` does, whose text Baidu compares: letters, digits, `-`, `_` and `.` stay, and a space
/// is `+`.
fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('*', "%2A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_as_php_does() {
        assert_eq!(encode("aZ09-_."), "aZ09-_.");
        assert_eq!(encode("a b~*'()!&=/ü"), "a+b%7E%2A%27%28%29%21%26%3D%2F%C3%BC");
    }

    #[test]
    fn a_request_has_the_signature_of_the_documented_steps() {
        let url = "https://api.tuisong.baidu.com/rest/3.0/push/single_device";
        let parameters = [("timestamp", "1313293563"), ("apikey", "key"), ("msg", r#"{"a": "*"}"#)];
        assert_eq!(sign("POST", url, &parameters, &"secret".into()), "549d6c27db4e674edf8581961e912ba2");
    }
}
