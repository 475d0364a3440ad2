//! Names of the model as names in Rust.

/// `__EndpointTypesElement` → `EndpointTypesElement`.
pub fn type_name(shape: &str) -> String {
    shape.trim_start_matches('_').to_owned()
}

/// `APNS_VOIP` → `ApnsVoip`.
pub fn camel_case(value: &str) -> String {
    let words = value.split(|c: char| !c.is_ascii_alphanumeric());
    let variant: String = words
        .filter(|word| !word.is_empty())
        .map(|word| word[..1].to_ascii_uppercase() + &word[1..].to_ascii_lowercase())
        .collect();
    if variant.starts_with(|c: char| c.is_ascii_digit()) { format!("V{variant}") } else { variant }
}

/// `SMSMessage` → `sms_message`, `S3Url` → `s3_url`.
pub fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let starts_word = c.is_ascii_uppercase()
            && i > 0
            && (!chars[i - 1].is_ascii_uppercase() || chars.get(i + 1).is_some_and(|next| next.is_ascii_lowercase()));
        if starts_word {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    if out == "type" { "r#type".to_owned() } else { out }
}
