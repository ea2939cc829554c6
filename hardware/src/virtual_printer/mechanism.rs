//! The printer's state: sensors, receive buffer, answers. Shared by the threads that receive, print and answer.
//!
//! Decides what each byte and each instruction does; moves no paper and touches no transport.

use std::collections::VecDeque;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::Sender;

use super::PrintedSlip;
use super::options::{Ability, Instruction, Trouble, VirtualPrinterOptions};
use super::presenter::{Presenter, Whereabouts};
use super::truth::Happened;
use crate::printer::FlowControl;

/// The key of `DLE DC4` function 8.
const CLEAR_BUFFER: [u8; 10] = [0x10, 0x14, 8, 1, 3, 0x14, 1, 6, 2, 8];
/// The bytes with which a serial printer holds back its host and lets it go on.
const XOFF: u8 = 0x13;
const XON: u8 = 0x11;

/// Whether somebody is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Free,
    Held,
    /// The transport shall break it off.
    Breaking,
}

/// What the printing part waits for, so that whoever looks into the tray can tell a slip that is still coming from none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pause {
    /// It is at work.
    None,
    /// It has carried out every whole command; this many bytes of the next one are there.
    ForBytes(usize),
    /// Something stands in its way.
    ForCure,
}

pub(super) struct State {
    // Sensors and mechanics.
    pub(super) paper_left_mm: f64,
    near_end_mm: f64,
    cover_open: bool,
    offline: bool,
    pub(super) cutter_stuck: bool,
    pub(super) cutter_error: bool,
    mechanism_stuck: bool,
    mechanism_error: bool,
    head_hot: bool,
    defect: bool,
    /// What happens when so much paper more has moved, in millimetres.
    trouble_ahead: Option<(f64, Trouble)>,
    // Character.
    mute: bool,
    garbage: Option<u32>,
    real_time_status: Ability,
    process_id: Ability,
    automatic_status: Ability,
    status_in_turn: Ability,
    clear_buffer: Ability,
    false_identity: bool,
    // Receiving.
    pub(super) received: VecDeque<u8>,
    buffer_bytes: usize,
    flow: FlowControl,
    held_back: bool,
    /// The command at the front is longer than the buffer: a printer takes such a one piece by piece.
    wants_more: bool,
    recent: VecDeque<u8>,
    /// Grows each time the buffer is thrown away; whoever is printing then stops.
    pub(super) cleared: u64,
    disconnect_after: Option<u64>,
    unplug_after: Option<u64>,
    /// What the printing part waits for.
    pub(super) pause: Pause,
    // Answering.
    pub(super) outbox: VecDeque<u8>,
    /// Answers were taken from the outbox and are not on the line yet.
    pub(super) telling: bool,
    automatic_mask: u8,
    last_automatic: Option<[u8; 4]>,
    // The rest.
    pub(super) link: Link,
    /// The network connection of who is connected, to be cut in the same moment as the cable.
    line: Option<TcpStream>,
    /// False while the cable is out: nobody can connect.
    pub(super) plugged: bool,
    pub(super) stopping: bool,
    presenter: Presenter,
    pub(super) slips: Vec<PrintedSlip>,
    /// Who writes the truth down; nobody once the printer is being switched off.
    truth: Option<Sender<Happened>>,
    pub(super) unknown_commands: u64,
    /// Real-time questions that came, answered or not.
    questions: u64,
}

impl State {
    pub(super) fn new(options: &VirtualPrinterOptions, truth: Sender<Happened>) -> Self {
        let mut state = State {
            paper_left_mm: options.paper_mm,
            near_end_mm: options.near_end_mm,
            cover_open: false,
            offline: false,
            cutter_stuck: false,
            cutter_error: false,
            mechanism_stuck: false,
            mechanism_error: false,
            head_hot: false,
            defect: false,
            trouble_ahead: None,
            mute: false,
            garbage: None,
            real_time_status: Ability::Known,
            process_id: Ability::Known,
            automatic_status: Ability::Known,
            status_in_turn: Ability::Known,
            clear_buffer: Ability::Known,
            false_identity: false,
            received: VecDeque::new(),
            buffer_bytes: options.buffer_bytes.max(16),
            flow: options.flow,
            held_back: false,
            wants_more: false,
            recent: VecDeque::new(),
            cleared: 0,
            disconnect_after: None,
            unplug_after: None,
            pause: Pause::ForBytes(0),
            outbox: VecDeque::new(),
            telling: false,
            automatic_mask: 0,
            last_automatic: None,
            link: Link::Free,
            line: None,
            plugged: true,
            stopping: false,
            presenter: Presenter::Free,
            slips: Vec::new(),
            truth: Some(truth),
            unknown_commands: 0,
            questions: 0,
        };
        for fault in &options.faults {
            state.instruct(*fault);
        }
        state
    }

    /// Does to the printer what the instruction says.
    pub(super) fn instruct(&mut self, instruction: Instruction) {
        match instruction {
            Instruction::Paper(millimetres) | Instruction::PaperLeft(millimetres) => self.paper_left_mm = millimetres,
            Instruction::OpenCover => self.cover_open = true,
            Instruction::CloseCover => self.cover_open = false,
            Instruction::JamCutter => self.cutter_stuck = true,
            Instruction::FreeCutter => self.cutter_stuck = false,
            Instruction::JamMechanism => {
                self.mechanism_stuck = true;
                self.mechanism_error = true;
            }
            Instruction::FreeMechanism => self.mechanism_stuck = false,
            Instruction::HeatHead => self.head_hot = true,
            Instruction::CoolHead => self.head_hot = false,
            Instruction::Break => self.defect = true,
            Instruction::Repair => {
                self.defect = false;
                self.switch_off_and_on();
            }
            Instruction::PowerCycle => self.switch_off_and_on(),
            Instruction::After(millimetres, trouble) => self.trouble_ahead = Some((millimetres, trouble)),
            Instruction::Mute => {
                self.mute = true;
                self.outbox.clear();
            }
            Instruction::Unmute => self.mute = false,
            Instruction::Offline => self.offline = true,
            Instruction::Online => self.offline = false,
            Instruction::Garbage => self.garbage = Some(0x1234_5678),
            Instruction::Clean => self.garbage = None,
            Instruction::Disconnect => self.break_off(),
            Instruction::DisconnectAfter(bytes) => self.disconnect_after = Some(bytes),
            Instruction::Unplug => self.unplug(),
            Instruction::UnplugAfter(bytes) => self.unplug_after = Some(bytes),
            Instruction::Plug => self.plugged = true,
            Instruction::RealTimeStatus(ability) => self.real_time_status = ability,
            Instruction::ProcessId(ability) => self.process_id = ability,
            Instruction::AutomaticStatus(ability) => self.automatic_status = ability,
            Instruction::StatusInTurn(ability) => self.status_in_turn = ability,
            Instruction::ClearBuffer(ability) => self.clear_buffer = ability,
            Instruction::FalseIdentity => self.false_identity = true,
            Instruction::Presenter(presenter) => {
                self.presenter = presenter;
                match presenter {
                    Presenter::Free => self.clear_presenter(Whereabouts::Out),
                    Presenter::Holds | Presenter::Retracts => {}
                }
            }
        }
        self.report_change();
    }

    fn unplug(&mut self) {
        self.plugged = false;
        self.break_off();
    }

    fn switch_off_and_on(&mut self) {
        self.throw_away();
        self.cutter_error = self.cutter_stuck;
        self.mechanism_error = self.mechanism_stuck;
        self.head_hot = false;
        self.outbox.clear();
        self.automatic_mask = 0;
        self.break_off();
    }

    /// A slip was cut off.
    pub(super) fn cut_off(&mut self, mut slip: PrintedSlip) {
        slip.index = self.slips.len() + 1;
        slip.whereabouts = self.presenter.after_cut();
        self.slips.push(slip.clone());
        self.note(Happened::Cut(slip));
    }

    /// The slip in the presenter, if there is one, comes to this end.
    fn clear_presenter(&mut self, end: Whereabouts) {
        // There is room for one, the last.
        let Some(slip) = self.slips.last_mut().filter(|slip| slip.whereabouts == Whereabouts::Presented) else {
            return;
        };
        slip.whereabouts = end;
        let index = slip.index;
        self.note(Happened::LeftPresenter { index, end });
    }

    fn is_presenting(&self) -> bool {
        self.slips.last().is_some_and(|slip| slip.whereabouts == Whereabouts::Presented)
    }

    fn note(&mut self, happened: Happened) {
        // Without a receiver the printer is being switched off, and its log with it.
        self.truth = self.truth.take().filter(|truth| truth.send(happened).is_ok());
    }

    /// Nothing happens any more.
    pub(super) fn switch_off(&mut self) {
        self.stopping = true;
        self.truth = None;
    }

    /// The paper has moved: there is less of it, and what was to happen meanwhile happens.
    pub(super) fn paper_moved(&mut self, millimetres: f64) {
        self.clear_presenter(Whereabouts::Retracted);
        self.paper_left_mm = (self.paper_left_mm - millimetres).max(0.0);
        if let Some((left, trouble)) = self.trouble_ahead.as_mut() {
            *left -= millimetres;
            if *left <= 0.0 {
                let trouble = *trouble;
                self.trouble_ahead = None;
                self.instruct(match trouble {
                    Trouble::OpenCover => Instruction::OpenCover,
                    Trouble::HotHead => Instruction::HeatHead,
                    Trouble::StuckMechanism => Instruction::JamMechanism,
                    Trouble::Offline => Instruction::Offline,
                    Trouble::Mute => Instruction::Mute,
                    Trouble::Unplug => Instruction::Unplug,
                });
            }
        }
        self.report_change();
    }

    fn break_off(&mut self) {
        if self.link == Link::Held {
            self.link = Link::Breaking;
        }
        if let Some(line) = self.line.take() {
            // The other side may be gone already.
            drop(line.shutdown(Shutdown::Both));
        }
    }

    /// True when what was to be told to the host is on the line, or nobody is there to hear it.
    pub(super) fn has_told(&self) -> bool {
        self.link != Link::Held || self.outbox.is_empty() && !self.telling
    }

    /// True while paper moves or will move without anybody's doing.
    fn is_moving(&self) -> bool {
        match self.pause {
            Pause::None => true,
            Pause::ForBytes(held) => self.can_print() && self.received.len() != held,
            Pause::ForCure => self.can_move(),
        }
    }

    pub(super) fn paper_out(&self) -> bool {
        self.paper_left_mm <= 0.0
    }

    fn near_end(&self) -> bool {
        self.paper_left_mm <= self.near_end_mm
    }

    /// True when paper can move now. A slip in the presenter may stand in its way, of which the printer tells nobody.
    pub(super) fn can_move(&self) -> bool {
        self.can_print() && !(self.presenter.is_in_the_way() && self.is_presenting())
    }

    /// True when nothing is wrong that the printer tells of.
    pub(super) fn can_print(&self) -> bool {
        let in_order = !self.cutter_error && !self.mechanism_error && !self.head_hot && !self.defect;
        in_order && !self.cover_open && !self.offline && !self.paper_out()
    }

    /// What a person in front of it would see, one word each.
    pub(super) fn description(&self) -> serde_json::Value {
        serde_json::json!({
            "paper_mm": self.paper_left_mm.round(),
            "near_end": self.near_end(),
            "cover": if self.cover_open { "open" } else { "closed" },
            "cutter": if self.cutter_error || self.cutter_stuck { "jammed" } else { "ok" },
            "mechanism": if self.mechanism_error { "jammed" } else { "ok" },
            "head": if self.head_hot { "hot" } else { "ok" },
            "defect": self.defect,
            "online": self.can_print(),
            "mute": self.mute,
            "plugged": self.plugged,
            "moving": self.is_moving(),
            "connected": self.link != Link::Free,
            "presenter": if self.is_presenting() { "slip" } else { "empty" },
            "slips": self.slips.len(),
            "questions": self.questions,
        })
    }

    // Receiving.

    pub(super) fn has_room(&self) -> bool {
        self.received.len() < self.buffer_bytes || self.wants_more
    }

    /// The printing part has taken a whole command out of the buffer.
    pub(super) fn take_received(&mut self, length: usize) {
        self.received.drain(..length);
        self.wants_more = false;
        self.hold_back();
    }

    /// The printing part waits for the rest of a command; true when that makes room.
    pub(super) fn want_more(&mut self) -> bool {
        let full = !self.has_room();
        self.wants_more |= full;
        full
    }

    /// Takes one byte from the line: acts at once when it completes a real-time command, and puts it into the buffer.
    pub(super) fn receive(&mut self, byte: u8) {
        if let Some(left) = self.disconnect_after.as_mut() {
            if *left == 0 {
                self.disconnect_after = None;
                self.break_off();
                return;
            }
            *left -= 1;
        }
        if let Some(left) = self.unplug_after.as_mut() {
            if *left == 0 {
                self.unplug_after = None;
                self.unplug();
                return;
            }
            *left -= 1;
        }
        self.received.push_back(byte);
        self.wants_more = false;
        self.hold_back();
        self.recent.push_back(byte);
        if self.recent.len() > CLEAR_BUFFER.len() {
            self.recent.pop_front();
        }
        let recent: Vec<u8> = self.recent.iter().copied().collect();
        let action = match recent.as_slice() {
            [.., 0x10, 0x04, question @ 1..=4] => {
                self.questions += 1;
                if self.real_time_status == Ability::Known {
                    let answer = self.told(*question);
                    self.answer(&[answer]);
                }
                true
            }
            [.., 0x10, 0x05, 1] => {
                self.recover();
                true
            }
            [.., 0x10, 0x05, 2] => {
                self.recover();
                self.throw_away();
                true
            }
            whole if whole == CLEAR_BUFFER && self.clear_buffer != Ability::Unknown => {
                self.throw_away();
                self.recover();
                if self.clear_buffer == Ability::Known {
                    self.answer(&[0x37, 0x25, 0]);
                }
                true
            }
            _ => false,
        };
        if action {
            self.recent.clear();
        }
    }

    /// Tells the host to wait while the buffer is three quarters full, and to go on when three quarters of it are free.
    fn hold_back(&mut self) {
        match self.flow {
            FlowControl::None | FlowControl::RtsCts => {}
            FlowControl::XonXoff => {
                let held = self.received.len();
                if !self.held_back && held * 4 >= self.buffer_bytes * 3 {
                    self.held_back = true;
                    self.outbox.push_back(XOFF);
                } else if self.held_back && held * 4 <= self.buffer_bytes {
                    self.held_back = false;
                    self.outbox.push_back(XON);
                }
            }
        }
    }

    fn throw_away(&mut self) {
        self.received.clear();
        self.hold_back();
        self.cleared += 1;
    }

    /// Ends the errors of knife and mechanism whose cause is gone.
    fn recover(&mut self) {
        self.cutter_error &= self.cutter_stuck;
        self.mechanism_error &= self.mechanism_stuck;
        self.report_change();
    }

    /// The bits of the errors, which stand alike in `DLE EOT` 3 and in the automatic status.
    fn errors(&self) -> u8 {
        let mechanism = if self.mechanism_error { 0x04 } else { 0 };
        let cutter = if self.cutter_error { 0x08 } else { 0 };
        let defect = if self.defect { 0x20 } else { 0 };
        let hot = if self.head_hot { 0x40 } else { 0 };
        mechanism | cutter | defect | hot
    }

    // Answering.

    fn told(&self, question: u8) -> u8 {
        let bits = match question {
            1 if !self.can_print() => 0x08,
            2 => {
                let cover = if self.cover_open { 0x04 } else { 0 };
                let paper = if self.paper_out() { 0x20 } else { 0 };
                let error = if self.errors() != 0 { 0x40 } else { 0 };
                cover | paper | error
            }
            3 => self.errors(),
            4 if self.paper_out() => 0x6C,
            4 if self.near_end() => 0x0C,
            _ => 0,
        };
        0x12 | bits
    }

    fn automatic(&self) -> [u8; 4] {
        let offline = if self.can_print() { 0 } else { 0x08 };
        let cover = if self.cover_open { 0x20 } else { 0 };
        let near = if self.near_end() { 0x03 } else { 0 };
        let out = if self.paper_out() { 0x0C } else { 0 };
        [0x10 | offline | cover, self.errors(), near | out, 0x0F]
    }

    /// Sends the automatic status if it is switched on and something has changed.
    pub(super) fn report_change(&mut self) {
        let now = self.automatic();
        if self.automatic_mask != 0 && self.last_automatic != Some(now) {
            self.last_automatic = Some(now);
            self.answer(&now);
        }
    }

    /// `GS a`: reports at once and from now on.
    pub(super) fn switch_automatic(&mut self, mask: u8) {
        if self.automatic_status == Ability::Known {
            self.automatic_mask = mask;
            self.last_automatic = None;
            self.report_change();
        }
    }

    /// `ESC @` switches the automatic status off, as on the strictest models.
    pub(super) fn initialise(&mut self) {
        self.automatic_mask = 0;
    }

    /// `GS ( H`: the fence.
    pub(super) fn echo(&mut self, id: [u8; 4]) {
        if self.process_id == Ability::Known {
            self.answer(&[0x37, 0x22, id[0], id[1], id[2], id[3], 0]);
        }
    }

    /// `GS ( L` function 64: the keys of the pictures that are kept, in one block.
    pub(super) fn name_pictures(&mut self, keys: &[u8]) {
        self.answer(&[&[0x37, 0x72, 0x40], keys, &[0]].concat());
    }

    /// `GS r`.
    pub(super) fn answer_in_turn(&mut self, sensor: u8) {
        if self.status_in_turn == Ability::Known {
            let near = if self.near_end() { 0x03 } else { 0 };
            let out = if self.paper_out() { 0x0C } else { 0 };
            self.answer(&[if sensor % 48 == 1 { near | out } else { 0 }]);
        }
    }

    /// `GS I`.
    pub(super) fn identify(&mut self, what: u8) {
        let model: &[u8] = if self.false_identity { b"_TM-T88V\0" } else { b"_SmartQueue virtual\0" };
        match what {
            66 => self.answer(b"_EPSON\0"),
            67 => self.answer(model),
            _ => self.answer(&[0x20]),
        }
    }

    fn answer(&mut self, bytes: &[u8]) {
        if self.mute || self.link != Link::Held {
            return;
        }
        self.noise();
        self.outbox.extend(bytes);
        self.noise();
    }

    /// Three bytes of noise from a fixed sequence, so that a failing test fails again.
    fn noise(&mut self) {
        if let Some(seed) = self.garbage.as_mut() {
            for _ in 0..3 {
                *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                self.outbox.push_back(seed.to_be_bytes()[0]);
            }
        }
    }

    // The link.

    /// Somebody is connected; over a network, by this line.
    pub(super) fn connected(&mut self, line: Option<TcpStream>) {
        self.link = Link::Held;
        self.line = line;
        self.recent.clear();
    }

    /// What was received stays in the buffer, as in a real printer; who was told of changes is gone.
    pub(super) fn disconnected(&mut self) {
        self.link = Link::Free;
        self.line = None;
        self.outbox.clear();
        self.automatic_mask = 0;
        self.last_automatic = None;
    }
}
