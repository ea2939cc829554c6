//! The words that Rust itself shows: those on a slip. They come from the same Fluent files as the screens' words.
//! No sentence for people stands in this file.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use rust_embed::RustEmbed;
use smartqueue_domain::Language;
use std::sync::OnceLock;
use unic_langid::LanguageIdentifier;

#[derive(RustEmbed)]
#[folder = "../../assets/words"]
#[include = "*/slip.ftl"]
#[include = "*/common.ftl"]
struct Files;

/// One language's words.
pub(crate) struct Words {
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    /// The words of a language. A file that is missing or broken is found by the test of this module, not at run time:
    /// there, a missing word shows its key, which is ugly and tells staff what to report.
    ///
    /// They are read once: a slip must not wait for that.
    pub(crate) fn of(language: Language) -> &'static Words {
        static READ: [OnceLock<Words>; Language::ALL.len()] = [const { OnceLock::new() }; Language::ALL.len()];
        let place = Language::ALL.iter().position(|known| *known == language).unwrap_or_default();
        READ[place].get_or_init(|| Words::read(language))
    }

    fn read(language: Language) -> Words {
        let identifier: LanguageIdentifier = language.code().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        // Direction marks around values are for screens; a printer would show them.
        bundle.set_use_isolating(false);
        for file in ["common", "slip"] {
            let text = Files::get(&format!("{}/{file}.ftl", language.code()))
                .map(|file| String::from_utf8_lossy(&file.data).into_owned())
                .unwrap_or_default();
            let resource = FluentResource::try_new(text).unwrap_or_else(|(resource, _)| resource);
            bundle.add_resource_overriding(resource);
        }
        Words { bundle }
    }

    /// A message with its arguments.
    pub(crate) fn say(&self, key: &str, arguments: &[(&str, Argument)]) -> String {
        let mut values = FluentArgs::new();
        for (name, argument) in arguments {
            match argument {
                Argument::Number(number) => values.set(*name, *number),
                Argument::Text(text) => values.set(*name, text.clone()),
            }
        }
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut errors = Vec::new();
        self.bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned()
    }
}

/// A value in a message.
pub(crate) enum Argument {
    Number(u32),
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_word_of_the_slip() {
        let keys = [
            "slip-your-number",
            "slip-people-ahead",
            "slip-wait",
            "slip-issued",
            "slip-where",
            "slip-follow",
            "slip-copy-number",
            "slip-test-title",
            "slip-test-frame",
            "wait-range",
            "wait-under",
        ];
        for language in Language::ALL {
            let words = Words::of(language);
            for key in keys {
                let text = words.say(
                    key,
                    &[
                        ("count", Argument::Number(3)),
                        ("min", Argument::Number(5)),
                        ("max", Argument::Number(10)),
                        ("number", Argument::Number(1)),
                        ("wait", Argument::Text("w".to_owned())),
                        ("date", Argument::Text("d".to_owned())),
                        ("time", Argument::Text("t".to_owned())),
                    ],
                );
                assert!(!text.is_empty() && text != key, "{key} in {}", language.code());
                assert!(!text.contains('{'), "{key} in {} has an argument nobody gives: {text}", language.code());
            }
        }
    }

    #[test]
    fn french_counts_people_as_french_does() {
        let words = Words::of(Language::French);
        let ahead = |count| words.say("slip-people-ahead", &[("count", Argument::Number(count))]);
        assert_eq!(ahead(0), "Personne avant vous");
        assert_eq!(ahead(1), "1 personne avant vous");
        assert_eq!(ahead(12), "12 personnes avant vous");
    }
}
