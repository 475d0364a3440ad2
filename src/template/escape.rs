//! What is done to values as they are printed.

use super::Escape;

/// The text with what the surroundings would misread made harmless.
pub fn escape(text: &str, escape: Escape) -> String {
    match escape {
        Escape::None => text.to_owned(),
        Escape::Html => handlebars::html_escape(text),
        Escape::Json => {
            let mut quoted = serde_json::Value::from(text).to_string();
            quoted.pop();
            quoted.remove(0);
            quoted
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_touches_what_it_must() {
        let text = "<b> \"a\\b\"\n&";
        assert_eq!(escape(text, Escape::None), text);
        assert_eq!(escape(text, Escape::Html), "&lt;b&gt; &quot;a\\b&quot;\n&amp;");
        assert_eq!(escape(text, Escape::Json), r#"<b> \"a\\b\"\n&"#);
    }
}
