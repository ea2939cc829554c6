//! How a virtual printer is built, what can be wrong with it, and the words in which it is told so.

use std::path::PathBuf;
use std::str::FromStr;

use super::presenter::Presenter;
use crate::printer::FlowControl;
use crate::slip::PaperWidth;

/// How the printer is built. The default is an 80 mm printer of the usual speed with a full roll.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualPrinterOptions {
    /// Width of the roll.
    pub paper_width: PaperWidth,
    /// Length of the roll in millimetres.
    pub paper_mm: f64,
    /// Length at which the near-end sensor trips, in millimetres.
    pub near_end_mm: f64,
    /// Paper speed in mm/s.
    pub speed_mm_s: f64,
    /// Way from the head to the knife in millimetres.
    pub to_knife_mm: u16,
    /// Speed of the line in bits per second, ten bits a byte; `None` is as fast as the transport.
    pub baud: Option<u32>,
    /// Bytes that it holds before it stops taking more.
    pub buffer_bytes: usize,
    /// How it holds back who sends too much on a pseudo terminal: by not reading, or with XOFF as well. There are no wires to
    /// RTS and CTS.
    pub flow: FlowControl,
    /// What is wrong with it from the start.
    pub faults: Vec<Instruction>,
    /// Folder for one PNG per slip; created when missing.
    pub png: Option<PathBuf>,
    /// File for the log of truth, JSON lines, appended.
    pub log: Option<PathBuf>,
}

impl Default for VirtualPrinterOptions {
    fn default() -> Self {
        VirtualPrinterOptions {
            paper_width: PaperWidth::Mm80,
            paper_mm: 80_000.0,
            near_end_mm: 3_000.0,
            speed_mm_s: 250.0,
            to_knife_mm: 12,
            baud: None,
            buffer_bytes: 65_536,
            flow: FlowControl::None,
            faults: Vec::new(),
            png: None,
            log: None,
        }
    }
}

/// Whether the model knows a part of the command set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// It does.
    Known,
    /// It skips the command.
    Unknown,
    /// It does what it is told, and does not say so.
    Silent,
}

/// Something that begins while paper moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The cover is opened.
    OpenCover,
    /// The head is too hot.
    HotHead,
    /// The mechanism sticks.
    StuckMechanism,
    /// Somebody takes it offline.
    Offline,
    /// It stops answering.
    Mute,
    /// The cable is pulled.
    Unplug,
}

/// Something that happens to the printer, from a command line, from standard input or from a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Instruction {
    /// A roll of this length is in it, in millimetres; 0 takes the roll out.
    Paper(f64),
    /// The roll ends after this many millimetres more.
    PaperLeft(f64),
    /// The cover is opened.
    OpenCover,
    /// The cover is closed.
    CloseCover,
    /// The knife will stick at its next cut, or sticks now.
    JamCutter,
    /// Somebody frees the knife. The error that it caused ends when the printer is told to recover.
    FreeCutter,
    /// The mechanism sticks.
    JamMechanism,
    /// Somebody frees the mechanism. The error ends when the printer is told to recover.
    FreeMechanism,
    /// The head is too hot to print.
    HeatHead,
    /// The head has cooled down.
    CoolHead,
    /// It breaks: an error from which nothing recovers.
    Break,
    /// Somebody repairs it and switches it off and on.
    Repair,
    /// It is switched off and on: what it received is gone, and so are errors whose cause is gone.
    PowerCycle,
    /// This happens after so many millimetres of paper more.
    After(f64, Trouble),
    /// It stops answering and goes on printing.
    Mute,
    /// It answers again.
    Unmute,
    /// Somebody takes it offline.
    Offline,
    /// Somebody takes it online.
    Online,
    /// Each answer is surrounded by noise.
    Garbage,
    /// The noise ends.
    Clean,
    /// The connection breaks now.
    Disconnect,
    /// The connection breaks after this many bytes more.
    DisconnectAfter(u64),
    /// The cable is pulled: the connection breaks, and there is none until it is plugged in.
    Unplug,
    /// The cable is pulled after this many bytes more.
    UnplugAfter(u64),
    /// The cable is plugged in.
    Plug,
    /// Whether it answers `DLE EOT`.
    RealTimeStatus(Ability),
    /// Whether it knows `GS ( H`.
    ProcessId(Ability),
    /// Whether it knows `GS a`.
    AutomaticStatus(Ability),
    /// Whether it knows `GS r`.
    StatusInTurn(Ability),
    /// Whether it knows `DLE DC4` function 8.
    ClearBuffer(Ability),
    /// It claims to be another model (`GS I`).
    FalseIdentity,
    /// What becomes of slips after their cut from now on; `Free` also means that somebody takes the one that is held.
    Presenter(Presenter),
}

/// An instruction that nobody understands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no instruction; see --help")]
pub struct UnknownInstruction(pub String);

/// All forms of instructions, for `--help`.
pub const INSTRUCTIONS: &str = "paper MM | paper-out | paper-left MM | near-end | cover open|close | cutter jam|ok | mechanism jam|ok | \
     head hot|ok | defect | repair | power-cycle | mute | unmute | offline | online | garbage | clean | \
     after MM cover-open|head-hot|mechanism-jam|offline|mute|unplug | \
     disconnect | disconnect-after=BYTES | unplug | unplug-after=BYTES | plug | \
     presenter free|holds|retracts | no-dle-eot | no-gs-h | no-asb | no-gs-r | no-clear | silent-clear | lying-gs-i";

impl FromStr for Instruction {
    type Err = UnknownInstruction;

    /// Words may be parted by a space, `-`, `=` or `:`, so that `cover open` and `cover-open` are the same.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownInstruction(text.to_owned());
        let parts = |separator: char| [' ', '-', '=', ':'].contains(&separator);
        let words: Vec<String> =
            text.trim().split(parts).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let length = |text: &str| {
            text.parse().ok().filter(|length: &f64| length.is_finite() && *length >= 0.0).ok_or_else(unknown)
        };
        let bytes = |text: &str| text.parse().map_err(|_| unknown());
        Ok(match words.as_slice() {
            ["paper", "out"] => Instruction::Paper(0.0),
            ["paper", "left", millimetres] => Instruction::PaperLeft(length(millimetres)?),
            ["paper", millimetres] => Instruction::Paper(length(millimetres)?),
            ["near", "end"] => Instruction::Paper(1_000.0),
            ["cover", "open"] => Instruction::OpenCover,
            ["cover", "close" | "closed"] => Instruction::CloseCover,
            ["cutter", "jam"] => Instruction::JamCutter,
            ["cutter", "ok"] => Instruction::FreeCutter,
            ["mechanism", "jam"] => Instruction::JamMechanism,
            ["mechanism", "ok"] => Instruction::FreeMechanism,
            ["head", "hot"] => Instruction::HeatHead,
            ["head", "ok"] => Instruction::CoolHead,
            ["defect"] => Instruction::Break,
            ["repair"] => Instruction::Repair,
            ["power", "cycle"] => Instruction::PowerCycle,
            ["after", millimetres, trouble @ ..] => {
                let trouble = match trouble {
                    ["cover", "open"] => Trouble::OpenCover,
                    ["head", "hot"] => Trouble::HotHead,
                    ["mechanism", "jam"] => Trouble::StuckMechanism,
                    ["offline"] => Trouble::Offline,
                    ["mute"] => Trouble::Mute,
                    ["unplug"] => Trouble::Unplug,
                    _ => return Err(unknown()),
                };
                Instruction::After(length(millimetres)?, trouble)
            }
            ["mute"] => Instruction::Mute,
            ["unmute"] => Instruction::Unmute,
            ["offline"] => Instruction::Offline,
            ["online"] => Instruction::Online,
            ["garbage"] => Instruction::Garbage,
            ["clean"] => Instruction::Clean,
            ["disconnect"] => Instruction::Disconnect,
            ["disconnect", "after", count] => Instruction::DisconnectAfter(bytes(count)?),
            ["unplug"] => Instruction::Unplug,
            ["unplug", "after", count] => Instruction::UnplugAfter(bytes(count)?),
            ["plug"] => Instruction::Plug,
            ["no", "dle", "eot"] => Instruction::RealTimeStatus(Ability::Unknown),
            ["no", "gs", "h"] => Instruction::ProcessId(Ability::Unknown),
            ["no", "asb"] => Instruction::AutomaticStatus(Ability::Unknown),
            ["no", "gs", "r"] => Instruction::StatusInTurn(Ability::Unknown),
            ["silent", "clear"] => Instruction::ClearBuffer(Ability::Silent),
            ["no", "clear"] => Instruction::ClearBuffer(Ability::Unknown),
            ["lying", "gs", "i"] => Instruction::FalseIdentity,
            ["presenter", "free"] => Instruction::Presenter(Presenter::Free),
            ["presenter", "holds"] => Instruction::Presenter(Presenter::Holds),
            ["presenter", "retracts"] => Instruction::Presenter(Presenter::Retracts),
            _ => return Err(unknown()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_read_in_both_spellings() {
        for (text, instruction) in [
            ("paper 500", Instruction::Paper(500.0)),
            ("paper-out", Instruction::Paper(0.0)),
            ("cover open", Instruction::OpenCover),
            ("cover-open", Instruction::OpenCover),
            ("cutter jam", Instruction::JamCutter),
            (" MUTE ", Instruction::Mute),
            ("disconnect-after=40", Instruction::DisconnectAfter(40)),
            ("unplug after 12", Instruction::UnplugAfter(12)),
            ("after 20 cover open", Instruction::After(20.0, Trouble::OpenCover)),
            ("after=7.5:head-hot", Instruction::After(7.5, Trouble::HotHead)),
            ("no-gs-h", Instruction::ProcessId(Ability::Unknown)),
            ("silent-clear", Instruction::ClearBuffer(Ability::Silent)),
            ("presenter holds", Instruction::Presenter(Presenter::Holds)),
        ] {
            assert_eq!(text.parse(), Ok(instruction), "{text}");
        }
        for text in
            ["", "paper", "paper -5x", "paper inf", "cover", "explode", "after 5", "after x mute", "unplug after"]
        {
            assert_eq!(text.parse::<Instruction>(), Err(UnknownInstruction(text.to_owned())), "{text}");
        }
    }
}
