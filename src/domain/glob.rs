//! Patterns for names.

/// Whether the whole name fits a pattern: `*` stands for any text, `?` for one character, all else for itself.
///
/// Brackets and braces are no patterns: names may hold them, and the documentation names none.
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut of_name) = (0, 0);
    // Where the last `*` stands, and where in the name what follows it is being tried.
    let mut star = None;
    while of_name < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of_name));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == name[of_name] => {
                at += 1;
                of_name += 1;
            }
            _ => {
                let Some((star_at, tried)) = star else { return false };
                star = Some((star_at, tried + 1));
                (at, of_name) = (star_at + 1, tried + 1);
            }
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_question_marks_are_patterns_and_nothing_else() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "A", false),
            ("promo_*", "promo_", true),
            ("promo_*", "promo_spring_2026", true),
            ("promo_*", "my_promo_x", false),
            ("*_at", "created_at", true),
            ("*_at", "created_at_", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("**", "", true),
            ("?", "é", true),
            ("?", "", false),
            ("a?c", "a/c", true),
            ("[ab]", "a", false),
            ("[ab]", "[ab]", true),
            ("{a,b}", "a", false),
            ("{a,b}", "{a,b}", true),
            (r"\*", r"\x", true),
            ("a/**/b", "a/b", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    /// What a pattern means, said in the plainest way.
    fn means(pattern: &[char], name: &[char]) -> bool {
        match (pattern, name) {
            ([], rest) => rest.is_empty(),
            (['*', pattern @ ..], _) => (0..=name.len()).any(|taken| means(pattern, &name[taken..])),
            ([wanted, pattern @ ..], [first, name @ ..]) => (*wanted == '?' || wanted == first) && means(pattern, name),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_means_what_it_says(pattern in "[ab*?]{0,8}", name in "[ab*]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(fits(&pattern, &name), means(&chars(&pattern), &chars(&name)));
        }
    }
}
