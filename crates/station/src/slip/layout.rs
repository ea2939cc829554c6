//! The layout file of a slip: which blocks stand on it, in which order and how large. Reads text and names what is wrong in it.
//!
//! Knows no values of a ticket: those are filled in by the module above. What each block takes is said at the top of
//! `assets/slips/ticket.toml`.

use smartqueue_domain::Language;
use smartqueue_hardware::slip::{Align, Symbology, TextSize, Weight};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// The layout that is used when a station has none of its own.
pub const BUILT_IN: &str = include_str!("../../../../assets/slips/ticket.toml");

/// A slip's blocks, top first.
#[derive(Clone, Debug, PartialEq)]
pub struct SlipLayout {
    pub(super) blocks: Vec<LayoutBlock>,
}

/// One block and the white paper above it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LayoutBlock {
    pub(super) content: Content,
    /// Dots, 8 of them a millimetre.
    pub(super) above_dots: u8,
}

/// What a block shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Words(Words, Style),
    Number { largest: u8 },
    Logo { height_mm: u16, align: Align },
    Qr { module_dots: u8 },
    Barcode { symbology: Symbology, height_dots: u8 },
    Rule,
    Feed { dots: u8 },
}

/// Which words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Words {
    Site {
        /// Also when a logo shows whose slip it is.
        beside_logo: bool,
    },
    Header,
    Footer,
    Label,
    Service,
    PeopleAhead,
    Wait,
    Time,
    Where,
    Follow,
    Copy,
    /// The same in every language.
    Text(String),
    /// By language; left out in the others.
    Texts(BTreeMap<&'static str, String>),
}

/// How words look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) align: Place,
    pub(super) size: TextSize,
    pub(super) weight: Weight,
    /// Nothing: the ticket's own.
    pub(super) language: Option<Language>,
}

/// Where words stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Fixed(Align),
    /// Where the language begins a line.
    Start,
    /// Where it ends one.
    End,
}

/// Why a layout file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    #[error("the slip layout does not read: {0}")]
    Form(String),
    #[error("slip layout, block {block} ({kind}), field `{field}`: {problem}")]
    Field { block: usize, kind: String, field: String, problem: String },
    #[error("slip layout: no block shows the number")]
    NoNumber,
}

impl SlipLayout {
    /// The layout that comes with the program.
    pub fn built_in() -> SlipLayout {
        SlipLayout::read(BUILT_IN).unwrap_or_else(|error| {
            // The tests read this very text. Were it broken all the same, a number on paper is better than a crash.
            tracing::error!(%error, "the built-in slip layout is broken");
            let number = LayoutBlock { content: Content::Number { largest: 6 }, above_dots: 0 };
            SlipLayout { blocks: vec![number] }
        })
    }

    /// Reads a layout file.
    ///
    /// # Errors
    /// [`LayoutError`] with the block and the field that cannot be meant.
    pub fn read(text: &str) -> Result<SlipLayout, LayoutError> {
        let mut file: Table = toml::from_str(text).map_err(|error| LayoutError::Form(error.to_string()))?;
        let blocks = match file.remove("block") {
            Some(Value::Array(blocks)) => blocks,
            Some(_) | None => return Err(LayoutError::Form("it has no [[block]]".to_owned())),
        };
        if let Some(other) = file.keys().next() {
            return Err(LayoutError::Form(format!("`{other}` is not known; a layout has only [[block]]")));
        }
        let blocks = blocks.into_iter().enumerate().map(|(at, block)| read_block(at + 1, block));
        let blocks = blocks.collect::<Result<Vec<_>, _>>()?;
        if !blocks.iter().any(|block| matches!(block.content, Content::Number { .. })) {
            return Err(LayoutError::NoNumber);
        }
        Ok(SlipLayout { blocks })
    }
}

fn read_block(number: usize, block: Value) -> Result<LayoutBlock, LayoutError> {
    let Value::Table(table) = block else {
        return Err(LayoutError::Form(format!("block {number} is no table")));
    };
    let mut fields = Fields { block: number, kind: "?".to_owned(), table };
    let kind = fields.text("kind")?.ok_or_else(|| fields.wrong("kind", "is missing"))?;
    fields.kind = kind;
    let above_dots = fields.dots("above_mm", 0..=30, 0.0)?;
    let content = fields.content()?;
    fields.finish()?;
    Ok(LayoutBlock { content, above_dots })
}

/// The fields of one block; each is taken out when it is read, so that what is left at the end is not known.
struct Fields {
    block: usize,
    kind: String,
    table: Table,
}

impl Fields {
    fn wrong(&self, field: &str, problem: impl Into<String>) -> LayoutError {
        let (kind, field) = (self.kind.clone(), field.to_owned());
        LayoutError::Field { block: self.block, kind, field, problem: problem.into() }
    }

    fn content(&mut self) -> Result<Content, LayoutError> {
        let words = match self.kind.as_str() {
            "site" => Words::Site { beside_logo: self.yes_or_no("beside_logo")? },
            "header" => Words::Header,
            "footer" => Words::Footer,
            "label" => Words::Label,
            "service" => Words::Service,
            "people_ahead" => Words::PeopleAhead,
            "wait" => Words::Wait,
            "time" => Words::Time,
            "where" => Words::Where,
            "follow" => Words::Follow,
            "copy" => Words::Copy,
            "text" => self.own_words()?,
            "number" => return Ok(Content::Number { largest: self.whole("largest", 1..=8, 6)? }),
            "logo" => {
                let align = match self.place()? {
                    Place::Fixed(align) => align,
                    Place::Start | Place::End => return Err(self.wrong("align", "a logo has no language")),
                };
                return Ok(Content::Logo { height_mm: u16::from(self.whole("height_mm", 2..=40, 8)?), align });
            }
            "qr" => return Ok(Content::Qr { module_dots: self.whole("module_dots", 2..=16, 4)? }),
            "barcode" => {
                let symbology =
                    self.choice("symbology", &[("code128", Symbology::Code128), ("code39", Symbology::Code39)])?;
                return Ok(Content::Barcode { symbology, height_dots: self.dots("height_mm", 2..=30, 8.0)? });
            }
            "rule" => return Ok(Content::Rule),
            "feed" => return Ok(Content::Feed { dots: self.dots("mm", 0..=30, 2.0)? }),
            other => return Err(self.wrong("kind", format!("`{other}` is not known"))),
        };
        let style = Style {
            align: self.place()?,
            size: self.size()?,
            weight: self.choice("weight", &[("regular", Weight::Regular), ("bold", Weight::Bold)])?,
            language: self.language()?,
        };
        Ok(Content::Words(words, style))
    }

    fn finish(&self) -> Result<(), LayoutError> {
        match self.table.keys().next() {
            Some(field) => Err(self.wrong(field, "is not known in this kind of block")),
            None => Ok(()),
        }
    }

    fn text(&mut self, field: &str) -> Result<Option<String>, LayoutError> {
        match self.table.remove(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(field, "must be a text in quotes")),
        }
    }

    /// One of these words; the first when the field is left out.
    fn choice<T: Copy>(&mut self, field: &str, choices: &[(&str, T)]) -> Result<T, LayoutError> {
        let known = || choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let wanted = self.text(field)?;
        let found = match &wanted {
            None => choices.first(),
            Some(wanted) => choices.iter().find(|(word, _)| word == wanted),
        };
        let wanted = wanted.unwrap_or_default();
        found.map(|(_, value)| *value).ok_or_else(|| self.wrong(field, format!("`{wanted}` is none of {}", known())))
    }

    fn whole(&mut self, field: &str, range: std::ops::RangeInclusive<u8>, default: u8) -> Result<u8, LayoutError> {
        let outside = |value: &dyn std::fmt::Display| {
            format!("{value} is not a whole number from {} to {}", range.start(), range.end())
        };
        match self.table.remove(field) {
            None => Ok(default),
            Some(Value::Integer(value)) => match u8::try_from(value).ok().filter(|value| range.contains(value)) {
                Some(value) => Ok(value),
                None => Err(self.wrong(field, outside(&value))),
            },
            Some(other) => Err(self.wrong(field, outside(&other))),
        }
    }

    /// A length in millimetres as dots, 8 of them a millimetre.
    fn dots(&mut self, field: &str, range: std::ops::RangeInclusive<u8>, default: f64) -> Result<u8, LayoutError> {
        let value = match self.table.remove(field) {
            None => default,
            Some(Value::Integer(value)) => value as f64,
            Some(Value::Float(value)) => value,
            Some(other) => return Err(self.wrong(field, format!("{other} is no number"))),
        };
        if value < f64::from(*range.start()) || value > f64::from(*range.end()) || value.is_nan() {
            let problem = format!("{value} is not from {} to {} millimetres", range.start(), range.end());
            return Err(self.wrong(field, problem));
        }
        Ok((value * 8.0).round() as u8)
    }

    fn yes_or_no(&mut self, field: &str) -> Result<bool, LayoutError> {
        match self.table.remove(field) {
            None => Ok(false),
            Some(Value::Boolean(value)) => Ok(value),
            Some(_) => Err(self.wrong(field, "must be true or false")),
        }
    }

    fn place(&mut self) -> Result<Place, LayoutError> {
        let places = [
            ("centre", Place::Fixed(Align::Centre)),
            ("left", Place::Fixed(Align::Left)),
            ("right", Place::Fixed(Align::Right)),
            ("start", Place::Start),
            ("end", Place::End),
        ];
        self.choice("align", &places)
    }

    fn size(&mut self) -> Result<TextSize, LayoutError> {
        let Some(text) = self.text("size")? else { return Ok(TextSize::NORMAL) };
        let side = |side: &str| side.parse::<u8>().ok().filter(|side| (1..=8).contains(side));
        match text.as_str() {
            "normal" => Ok(TextSize::NORMAL),
            "tall" => Ok(TextSize::TALL),
            "double" => Ok(TextSize::DOUBLE),
            other => other
                .split_once('x')
                .and_then(|(width, height)| Some(TextSize::new(side(width)?, side(height)?)))
                .ok_or_else(|| self.wrong("size", format!("`{other}` is none of normal, tall, double, 1x1 to 8x8"))),
        }
    }

    fn language(&mut self) -> Result<Option<Language>, LayoutError> {
        let Some(code) = self.text("language")? else { return Ok(None) };
        let language = Language::from_code(&code);
        language.map(Some).ok_or_else(|| self.wrong("language", format!("`{code}` is not known")))
    }

    fn own_words(&mut self) -> Result<Words, LayoutError> {
        match self.table.remove("text") {
            Some(Value::String(text)) => Ok(Words::Text(text)),
            Some(Value::Table(texts)) => {
                let mut words = BTreeMap::new();
                for (code, text) in texts {
                    let (Some(language), Value::String(text)) = (Language::from_code(&code), text) else {
                        return Err(self.wrong("text", format!("`{code}` is no language with a text in quotes")));
                    };
                    words.insert(language.code(), text);
                }
                Ok(Words::Texts(words))
            }
            Some(_) | None => Err(self.wrong("text", "must be a text in quotes, or one for each language")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(block: &str) -> String {
        let text = format!("[[block]]\nkind = \"number\"\n[[block]]\n{block}");
        SlipLayout::read(&text).expect_err(block).to_string()
    }

    #[test]
    fn the_built_in_layout_reads() {
        let layout = SlipLayout::read(BUILT_IN).expect("it reads");
        assert_eq!(layout, SlipLayout::built_in());
        assert_eq!(layout.blocks.len(), 12);
    }

    #[test]
    fn a_mistake_is_named_with_its_block_and_its_field() {
        for (block, said) in [
            (
                "kind = \"qr\"\nmodule_dots = 40",
                "block 2 (qr), field `module_dots`: 40 is not a whole number from 2 to 16",
            ),
            ("kind = \"wait\"\nalign = \"middle\"", "block 2 (wait), field `align`: `middle` is none of centre, left"),
            ("kind = \"wait\"\nmodule_dots = 3", "block 2 (wait), field `module_dots`: is not known in this kind"),
            ("kind = \"wiat\"", "block 2 (wiat), field `kind`: `wiat` is not known"),
            ("align = \"left\"", "block 2 (?), field `kind`: is missing"),
            ("kind = \"time\"\nsize = \"9x1\"", "field `size`: `9x1` is none of"),
            ("kind = \"time\"\nlanguage = \"tlh\"", "field `language`: `tlh` is not known"),
            ("kind = \"feed\"\nmm = 31.5", "field `mm`: 31.5 is not from 0 to 30 millimetres"),
            ("kind = \"text\"", "field `text`: must be a text"),
            ("kind = \"text\"\ntext = { xx = \"a\" }", "field `text`: `xx` is no language"),
            ("kind = \"logo\"\nalign = \"start\"", "field `align`: a logo has no language"),
        ] {
            let error = refused(block);
            assert!(error.contains(said), "{block}: {error}");
        }
    }

    #[test]
    fn what_is_no_layout_is_refused_as_a_whole() {
        for (text, said) in [
            ("", "no [[block]]"),
            ("[[block]]\nkind = \"rule\"", "no block shows the number"),
            ("title = 1\n[[block]]\nkind = \"number\"", "`title` is not known"),
            ("[[block]]\nkind = ", "does not read"),
        ] {
            let error = SlipLayout::read(text).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn lengths_and_sizes_are_read() {
        let text =
            "[[block]]\nkind = \"number\"\nabove_mm = 1.5\n[[block]]\nkind = \"time\"\nsize = \"2x3\"\nalign = \"end\"";
        let layout = SlipLayout::read(text).expect("it reads");
        assert_eq!(layout.blocks[0].above_dots, 12);
        let style = Style { align: Place::End, size: TextSize::new(2, 3), weight: Weight::Regular, language: None };
        assert_eq!(layout.blocks[1].content, Content::Words(Words::Time, style));
    }
}
