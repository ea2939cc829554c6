//! A network printer for benchmarks: always well, no time between the last byte and the cut, and a stamp on every slip.
//!
//! It understands just what our driver sends, answers it as an ESC/POS printer does, and renders nothing: the virtual
//! printer, which does, is for tests of what is on the paper. A byte out of place is an error, never a guess.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// `ESC @`, with which a slip begins.
const INITIALISE: [u8; 2] = [0x1B, b'@'];

/// `GS ( H` function 48, followed by the four bytes that are echoed.
const FENCE: [u8; 7] = [0x1D, b'(', b'H', 6, 0, 48, 48];

/// One before the cut and one behind it.
const FENCES_OF_A_SLIP: usize = 2;

/// The answer to each `DLE EOT`: well, nothing is missing.
const WELL: u8 = 0x12;

/// An automatic status of a printer that is well.
const AUTOMATIC_STATUS: [u8; 4] = [0x10, 0, 0, 0];

/// Larger than any slip, so that a slip in several reads came in several pieces.
const READ_SIZE: usize = 1 << 20;

/// A slip that came in, up to and with its cut.
#[derive(Clone, Copy, Debug)]
pub struct StampedSlip {
    /// When the read with its last byte returned.
    pub last_byte_at: Instant,
    /// Its length.
    pub bytes: usize,
    /// The number of reads that it took: one for a slip that was written at once.
    pub reads: usize,
}

/// A listening printer. It ends with the process.
pub struct PromptPrinter {
    selector: String,
    slips: Receiver<Result<StampedSlip>>,
}

impl PromptPrinter {
    /// A printer on a free port of the loopback.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("a printer cannot listen")?;
        let selector = format!("tcp:{}", listener.local_addr()?);
        let (sender, slips) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let outcome = stream.context("a connection to the printer").and_then(|stream| serve(stream, &sender));
                if let Err(error) = outcome
                    && sender.send(Err(error)).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self { selector, slips })
    }

    /// What a station is to be told.
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The next slip.
    ///
    /// # Errors
    /// When none comes within `limit`, or something else than a slip came.
    pub fn next_slip(&self, limit: Duration) -> Result<StampedSlip> {
        self.slips.recv_timeout(limit).context("no slip came")?
    }
}

/// What stands at the front of the bytes that have come in.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// A question or a setting, and what is answered.
    Small { length: usize, answer: Vec<u8> },
    /// A slip with its fences, and what is answered.
    Slip { length: usize, answer: Vec<u8> },
    /// The rest has not come yet.
    Unfinished,
}

fn serve(mut stream: TcpStream, slips: &Sender<Result<StampedSlip>>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; READ_SIZE];
    let mut held = Vec::new();
    let mut reads = 0;
    loop {
        let count = stream.read(&mut buffer).context("reading as a printer")?;
        let at = Instant::now();
        if count == 0 {
            return Ok(());
        }
        held.extend_from_slice(&buffer[..count]);
        reads += 1;
        while !held.is_empty() {
            let (length, answer) = match understand(&held)? {
                Said::Unfinished => break,
                Said::Small { length, answer } => (length, answer),
                Said::Slip { length, answer } => {
                    if slips.send(Ok(StampedSlip { last_byte_at: at, bytes: length, reads })).is_err() {
                        return Ok(());
                    }
                    (length, answer)
                }
            };
            stream.write_all(&answer).context("answering as a printer")?;
            held.drain(..length);
        }
        if held.is_empty() {
            reads = 0;
        }
    }
}

fn understand(held: &[u8]) -> Result<Said> {
    let small = |answer: &[u8]| Ok(Said::Small { length: 3, answer: answer.to_vec() });
    match held {
        [0x10, 0x04, 1..=4, ..] => small(&[WELL]),
        [0x1D, b'a', _, ..] => small(&AUTOMATIC_STATUS),
        [0x1D, b'r', _, ..] => small(&[0]),
        // The driver's question at a new connection: the same echo that proves a slip, asked alone.
        [0x1D, b'(', b'H', 6, 0, 48, 48, a, b, c, d, ..] => {
            Ok(Said::Small { length: 11, answer: vec![0x37, 0x22, *a, *b, *c, *d, 0] })
        }
        [0x1D, b'(', ..] if held.len() < 11 => Ok(Said::Unfinished),
        [first, second, ..] if [*first, *second] == INITIALISE => Ok(slip(held)),
        [0x10 | 0x1D | 0x1B] | [0x10, 0x04] | [0x1D, b'a' | b'r'] => Ok(Said::Unfinished),
        other => bail!("the printer does not know {:02X?}", &other[..other.len().min(16)]),
    }
}

/// A slip is whole when the fence behind its cut is there; each fence is echoed, after the status that it switches on.
fn slip(held: &[u8]) -> Said {
    let mut answer = AUTOMATIC_STATUS.to_vec();
    let fence_length = FENCE.len() + 4;
    let mut fences = 0;
    for start in 0..held.len().saturating_sub(fence_length - 1) {
        let Some(id) = held[start..start + fence_length].strip_prefix(&FENCE) else { continue };
        answer.extend_from_slice(&[0x37, 0x22]);
        answer.extend_from_slice(id);
        answer.push(0);
        fences += 1;
        if fences == FENCES_OF_A_SLIP {
            return Said::Slip { length: start + fence_length, answer };
        }
    }
    Said::Unfinished
}

#[cfg(test)]
mod tests {
    use super::*;
    use smartqueue_hardware::printer::{PrintOutcome, Printer, Proof};
    use smartqueue_hardware::slip::{PaperWidth, PrinterProfile, Slip};

    #[test]
    fn our_driver_is_content_with_it() {
        let prompt = PromptPrinter::start().unwrap();
        let mut printer =
            Printer::open(prompt.selector().parse().unwrap(), PrinterProfile::epson_tm(PaperWidth::Mm80)).unwrap();
        for _ in 0..3 {
            let report = printer.print(&Slip::default(), &mut |_| {});
            assert!(
                matches!(report.outcome, PrintOutcome::Printed(evidence) if evidence.proof == Proof::Echo),
                "{report:?}"
            );
            let slip = prompt.next_slip(Duration::from_secs(10)).unwrap();
            // The first slip also asks for the paper in its turn, behind the cut.
            assert!(slip.bytes == report.bytes || slip.bytes + 3 == report.bytes, "{slip:?} of {report:?}");
            assert!(slip.reads >= 1);
        }
    }

    #[test]
    fn pieces_are_waited_for_and_nonsense_is_refused() {
        let whole = [&INITIALISE[..], b"A001", &FENCE, b"xyzP", &[0x1D, b'V', 1], &FENCE, b"xyzC"].concat();
        for length in 1..whole.len() {
            assert_eq!(understand(&whole[..length]).unwrap(), Said::Unfinished, "{length} bytes");
        }
        let more = [&whole[..], &[0x1D, b'r', 1]].concat();
        let answer = [&AUTOMATIC_STATUS[..], b"\x37\x22xyzP\0", b"\x37\x22xyzC\0"].concat();
        assert_eq!(understand(&more).unwrap(), Said::Slip { length: whole.len(), answer });
        assert_eq!(understand(&more[whole.len()..]).unwrap(), Said::Small { length: 3, answer: vec![0] });
        assert!(understand(b"GET / HTTP/1.1").is_err());
    }
}
