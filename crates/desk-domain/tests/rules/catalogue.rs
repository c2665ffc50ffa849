//! The catalogue of message codes is whole.

use std::collections::BTreeSet;

use desk_domain::code::Code;

#[test]
fn no_code_without_text_cause_and_remedy_and_names_are_unique() {
    let mut names = BTreeSet::new();
    for code in Code::ALL {
        let name = code.as_str();
        assert!(names.insert(name), "{name} twice");
        assert!(name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'), "{name}");
        for (part, text) in [("text", code.text()), ("cause", code.cause()), ("remedy", code.remedy())] {
            assert!(text.chars().count() >= 4, "{name} has no {part}");
            assert!(text.ends_with(['。', '！', '？', '}']), "{name}: {part} was cut: {text}");
            assert_eq!(text.matches('{').count(), text.matches('}').count(), "{name}: {part}");
            assert_eq!(text.matches('“').count(), text.matches('”').count(), "{name}: {part}");
        }
        assert!(!code.cause().contains('{') && !code.remedy().contains('{'), "{name}: parameters belong into the text");
    }
}

#[test]
fn no_city_or_programme_is_named_in_the_compiled_texts() {
    for code in Code::ALL {
        for text in [code.text(), code.cause(), code.remedy()] {
            for name in ["苏州", "常州", "来苏", "E卡通", "962026"] {
                assert!(!text.contains(name), "{}: {text}", code.as_str());
            }
        }
    }
}
