//! How a station's slips look: a layout and a logo, and from them and a ticket's values the blocks that a printer prints.
//!
//! The layout is data (`assets/slips`, or the profile's own `slip.toml`). What is not known is left out rather than guessed, and
//! every word is in the language that the layout asks for, whatever letters it needs. Talks to no printer.

mod layout;
mod trial;

use crate::words::{Argument, Words};
use anyhow::{Context, Result};
pub use layout::{BUILT_IN, LayoutError, SlipLayout};
use layout::{Content, LayoutBlock, Place, Style};
use smartqueue_domain::{Language, LocalTime, ServiceDay, WaitRange};
use smartqueue_engine::SlipContent;
use smartqueue_hardware::slip::{Align, Block, Logo, LogoForm, SafeText, Slip, TextLine};
use std::path::Path;
pub use trial::test_slip;

/// A profile's own layout.
const LAYOUT_FILE: &str = "slip.toml";
/// A profile's logo.
const LOGO_FILE: &str = "logo.png";

/// How a station's slips look.
#[derive(Clone, Debug, PartialEq)]
pub struct SlipDesign {
    layout: SlipLayout,
    logo: Option<Logo>,
}

impl SlipDesign {
    /// A design of these parts.
    pub fn new(layout: SlipLayout, logo: Option<Logo>) -> SlipDesign {
        SlipDesign { layout, logo }
    }

    /// The design of a profile: its own `slip.toml` and `logo.png` where it has them. What cannot be used is logged with its
    /// place, and the slip is printed without it: a mistake in a layout must not cost anybody a ticket.
    pub fn of_profile(folder: &Path) -> SlipDesign {
        let layout = own_layout(folder)
            .unwrap_or_else(|error| {
                tracing::error!("{error:#}; the built-in layout is printed instead");
                None
            })
            .unwrap_or_else(SlipLayout::built_in);
        let logo = own_logo(folder).unwrap_or_else(|error| {
            tracing::error!("{error:#}; slips are printed without a logo");
            None
        });
        SlipDesign { layout, logo }
    }

    /// The logo that a printer may keep, as large as the layout prints it.
    pub fn logo(&self) -> Option<Logo> {
        let logo = self.logo.as_ref()?;
        self.layout.blocks.iter().find_map(|block| match block.content {
            Content::Logo { height_mm, align: _ } => Some(logo.at_most_mm(height_mm)),
            Content::Words(..)
            | Content::Number { .. }
            | Content::Qr { .. }
            | Content::Barcode { .. }
            | Content::Rule
            | Content::Feed { .. } => None,
        })
    }

    /// A ticket's slip.
    pub fn ticket_slip(&self, content: &SlipContent) -> Slip {
        let mut slip = Slip::new();
        for LayoutBlock { content: wanted, above_dots } in &self.layout.blocks {
            let Some(block) = self.block(wanted, content) else { continue };
            if *above_dots > 0 {
                slip = slip.feed(*above_dots);
            }
            slip = slip.block(block);
        }
        slip.cut()
    }

    /// One block with its values, or nothing when they are not known.
    fn block(&self, wanted: &Content, content: &SlipContent) -> Option<Block> {
        match wanted {
            Content::Words(words, style) => self.words(words, *style, content),
            Content::Number { largest } => {
                Some(Block::BigNumber { text: SafeText::new(&content.number.to_string()), largest: *largest })
            }
            Content::Logo { height_mm, align } => {
                let logo = self.logo.as_ref()?.at_most_mm(*height_mm);
                Some(Block::Logo { logo, align: *align, form: LogoForm::Picture })
            }
            Content::Qr { module_dots } => {
                Some(Block::Qr { data: SafeText::new(content.follow_url.as_deref()?), module_dots: *module_dots })
            }
            Content::Barcode { symbology, height_dots } => {
                let data = SafeText::new(&content.number.to_string());
                Some(Block::Barcode { data, symbology: *symbology, height_dots: *height_dots })
            }
            Content::Rule => Some(Block::Rule),
            Content::Feed { dots } => Some(Block::Feed { dots: *dots }),
        }
    }

    fn words(&self, wanted: &layout::Words, style: Style, content: &SlipContent) -> Option<Block> {
        let SlipContent {
            number: _,
            queue_name,
            site_name,
            issued_at_ms,
            offset_minutes,
            people_ahead,
            wait,
            language,
            follow_url,
            header,
            footer,
            copy,
        } = content;
        let language = style.language.unwrap_or(*language);
        let words = Words::of(language);
        let text = match wanted {
            layout::Words::Site { beside_logo } => (*beside_logo || self.logo.is_none()).then(|| site_name.clone()),
            layout::Words::Header => header.clone(),
            layout::Words::Footer => footer.clone(),
            layout::Words::Label => Some(words.say("slip-your-number", &[])),
            layout::Words::Service => Some(queue_name.clone()),
            layout::Words::PeopleAhead => {
                people_ahead.map(|people| words.say("slip-people-ahead", &[("count", Argument::Number(people))]))
            }
            layout::Words::Wait => {
                // Nobody ahead and a wait would contradict each other.
                wait.filter(|_| people_ahead.is_none_or(|people| people > 0))
                    .map(|wait| words.say("slip-wait", &[("wait", Argument::Text(wait_text(words, wait)))]))
            }
            layout::Words::Time => {
                let (date, time) = date_and_time(*issued_at_ms, *offset_minutes);
                Some(words.say("slip-issued", &[("date", Argument::Text(date)), ("time", Argument::Text(time))]))
            }
            layout::Words::Where => Some(words.say("slip-where", &[])),
            layout::Words::Follow => follow_url.as_ref().map(|_| words.say("slip-follow", &[])),
            layout::Words::Copy => {
                (copy.0 > 0).then(|| words.say("slip-copy-number", &[("number", Argument::Number(copy.0))]))
            }
            layout::Words::Text(text) => Some(text.clone()),
            layout::Words::Texts(texts) => texts.get(language.code()).cloned(),
        };
        let text = SafeText::new(&text?);
        let (align, size, weight) = (align_in(style.align, language), style.size, style.weight);
        (!text.is_empty()).then_some(Block::Text(TextLine { text, align, size, weight }))
    }
}

/// A layout file, or the built-in layout when there is none.
/// The layout that a profile has of its own.
///
/// # Errors
/// When it cannot be read or used; with the file and the place in it.
pub(crate) fn own_layout(folder: &Path) -> Result<Option<SlipLayout>> {
    let path = folder.join(LAYOUT_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => SlipLayout::read(&text).map(Some).with_context(|| path.display().to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// The logo that a profile has.
///
/// # Errors
/// As [`read_logo`].
pub(crate) fn own_logo(folder: &Path) -> Result<Option<Logo>> {
    let path = folder.join(LOGO_FILE);
    if path.exists() { read_logo(&path).map(Some) } else { Ok(None) }
}

/// Reads a logo.
///
/// # Errors
/// When the file cannot be read or is no PNG picture.
pub fn read_logo(path: &Path) -> Result<Logo> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Logo::from_png(&bytes).with_context(|| path.display().to_string())
}

fn align_in(place: Place, language: Language) -> Align {
    let runs_left = match language {
        Language::Arabic => true,
        Language::French | Language::English | Language::Wolof | Language::Spanish | Language::Portuguese => false,
    };
    match (place, runs_left) {
        (Place::Fixed(align), _) => align,
        (Place::Start, false) | (Place::End, true) => Align::Left,
        (Place::Start, true) | (Place::End, false) => Align::Right,
    }
}

fn wait_text(words: &Words, wait: WaitRange) -> String {
    let WaitRange { min_minutes, max_minutes } = wait;
    let key = if min_minutes == 0 { "wait-under" } else { "wait-range" };
    words.say(key, &[("min", Argument::Number(min_minutes)), ("max", Argument::Number(max_minutes))])
}

/// `21/11/2026` and `09:05`, local.
fn date_and_time(utc_ms: i64, offset_minutes: i32) -> (String, String) {
    let local = LocalTime::new(utc_ms, offset_minutes);
    let iso = ServiceDay(local.day()).to_string();
    let mut parts = iso.splitn(3, '-');
    let (year, month, day) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    (format!("{day}/{month}/{year}"), format!("{:02}:{:02}", local.minute() / 60, local.minute() % 60))
}

#[cfg(test)]
#[path = "slip_tests.rs"]
mod tests;
