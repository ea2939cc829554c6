//! The six languages of the home market. This module holds no words; they live in `assets/words`.

/// A language that a customer can choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// French, the default of the home market.
    #[default]
    French,
    /// English.
    English,
    /// Arabic, written right to left.
    Arabic,
    /// Wolof.
    Wolof,
    /// Spanish.
    Spanish,
    /// Portuguese.
    Portuguese,
}

impl Language {
    /// Every language, in the order in which they are offered.
    pub const ALL: [Language; 6] = [
        Language::French,
        Language::English,
        Language::Arabic,
        Language::Wolof,
        Language::Spanish,
        Language::Portuguese,
    ];

    /// The ISO 639-1 code, which is also the folder's name in `assets/words`.
    pub fn code(self) -> &'static str {
        match self {
            Language::French => "fr",
            Language::English => "en",
            Language::Arabic => "ar",
            Language::Wolof => "wo",
            Language::Spanish => "es",
            Language::Portuguese => "pt",
        }
    }

    /// The language of an ISO 639-1 code, or nothing for a code that is not one of ours.
    pub fn from_code(code: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.code() == code)
    }
}
