//! The one way to name a printer in settings, on command lines and in logs. Parsing only; nothing is opened here.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Speed of a serial line that is not named in the selector.
pub const DEFAULT_BAUD: u32 = 19_200;

/// Who may hold back whom on a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FlowControl {
    /// Nobody: bytes are lost when the printer's buffer is full.
    #[default]
    None,
    /// Two wires of the cable.
    RtsCts,
    /// The bytes 0x11 and 0x13.
    XonXoff,
}

/// Where a printer is.
///
/// Text form: `tcp:HOST:PORT`, `serial:PATH@BAUD[,rtscts|xonxoff]`, `usb:VID:PID[:SERIAL]` (numbers hexadecimal), `spool:NAME`,
/// `file:PATH`, `virtual:`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PrinterSelector {
    /// A network printer, usually on port 9100.
    Tcp {
        /// Name or address; an IPv6 address without its brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// A serial line, real or pseudo terminal; 8 data bits, no parity, 1 stop bit.
    Serial {
        /// Device file, best one below `/dev/serial/by-id`.
        path: PathBuf,
        /// Bits per second.
        baud: u32,
        /// Flow control.
        flow: FlowControl,
    },
    /// A USB printer by its vendor and product number, through the system's printer driver or without it.
    Usb {
        /// Vendor.
        vendor: u16,
        /// Product.
        product: u16,
        /// The serial number that tells it from others of its kind; `None` takes the first one, in the order of the sockets.
        serial: Option<String>,
    },
    /// A printer of the system's spooler, by the name that it has there. It never says what became of a slip.
    Spool {
        /// Its name.
        name: String,
    },
    /// A device file such as `/dev/usb/lp0`, or a plain file to which the bytes are appended.
    File {
        /// Its path.
        path: PathBuf,
    },
    /// A virtual printer inside this process, one for each owner; its paper is gone when the owner closes it.
    Virtual,
}

/// A selector that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// The part before the first colon is none of ours.
    #[error("`{0}` does not begin with tcp:, serial:, usb:, spool:, file: or virtual:")]
    UnknownScheme(String),
    /// `tcp:` without a host or without a port from 1 to 65535.
    #[error("`{0}` is not tcp:HOST:PORT")]
    BadTcp(String),
    /// `serial:` without a path, with a speed that is not a number, or with an unknown flow control.
    #[error("`{0}` is not serial:PATH@BAUD[,rtscts|xonxoff]")]
    BadSerial(String),
    /// `usb:` without two hexadecimal numbers of four digits, or with an empty serial number.
    #[error("`{0}` is not usb:VID:PID[:SERIAL]")]
    BadUsb(String),
    /// `spool:` without a name that a spooler allows.
    #[error("`{0}` is not spool:NAME")]
    BadSpool(String),
    /// `file:` without a path.
    #[error("`{0}` is not file:PATH")]
    BadFile(String),
}

impl FromStr for PrinterSelector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (scheme, rest) = text.split_once(':').ok_or_else(|| SelectorError::UnknownScheme(text.to_owned()))?;
        match scheme {
            "tcp" => parse_tcp(rest).ok_or_else(|| SelectorError::BadTcp(text.to_owned())),
            "serial" => parse_serial(rest).ok_or_else(|| SelectorError::BadSerial(text.to_owned())),
            "usb" => parse_usb(rest).ok_or_else(|| SelectorError::BadUsb(text.to_owned())),
            "spool" => parse_spool(rest).ok_or_else(|| SelectorError::BadSpool(text.to_owned())),
            "file" if rest.is_empty() => Err(SelectorError::BadFile(text.to_owned())),
            "file" => Ok(PrinterSelector::File { path: PathBuf::from(rest) }),
            "virtual" if rest.is_empty() => Ok(PrinterSelector::Virtual),
            _ => Err(SelectorError::UnknownScheme(text.to_owned())),
        }
    }
}

fn parse_tcp(rest: &str) -> Option<PrinterSelector> {
    let (host, port) = rest.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let plain = !host.is_empty() && !host.chars().any(|character| character.is_whitespace() || character.is_control());
    plain.then(|| PrinterSelector::Tcp { host: host.to_owned(), port })
}

fn parse_serial(rest: &str) -> Option<PrinterSelector> {
    let (rest, flow) = match rest.rsplit_once(',') {
        Some((rest, "rtscts")) => (rest, FlowControl::RtsCts),
        Some((rest, "xonxoff")) => (rest, FlowControl::XonXoff),
        Some(_) => return None,
        None => (rest, FlowControl::None),
    };
    let (path, baud) = match rest.rsplit_once('@') {
        Some((path, baud)) => (path, baud.parse().ok().filter(|baud| (300..=4_000_000).contains(baud))?),
        None => (rest, DEFAULT_BAUD),
    };
    (!path.is_empty()).then(|| PrinterSelector::Serial { path: PathBuf::from(path), baud, flow })
}

fn parse_usb(rest: &str) -> Option<PrinterSelector> {
    let number = |text: &str| (text.len() == 4).then(|| u16::from_str_radix(text, 16).ok()).flatten();
    let mut parts = rest.splitn(3, ':');
    let (vendor, product) = (number(parts.next()?)?, number(parts.next()?)?);
    // A serial number is whatever the maker wrote into the device, further colons included.
    let serial = parts.next().map(str::to_owned);
    let plain = serial.as_ref().is_none_or(|serial| !serial.is_empty() && !serial.chars().any(char::is_control));
    plain.then_some(PrinterSelector::Usb { vendor, product, serial })
}

/// The names that CUPS allows. One that begins with a hyphen would be taken for an option of the spooler's program.
fn parse_spool(rest: &str) -> Option<PrinterSelector> {
    let allowed = |letter: char| !(letter.is_whitespace() || letter.is_control() || "/#?'\"\\".contains(letter));
    let sound = !rest.is_empty() && rest.len() <= 127 && !rest.starts_with('-') && rest.chars().all(allowed);
    sound.then(|| PrinterSelector::Spool { name: rest.to_owned() })
}

impl fmt::Display for PrinterSelector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PrinterSelector::Tcp { host, port } if host.contains(':') => write!(formatter, "tcp:[{host}]:{port}"),
            PrinterSelector::Tcp { host, port } => write!(formatter, "tcp:{host}:{port}"),
            PrinterSelector::Serial { path, baud, flow } => {
                let flow = match flow {
                    FlowControl::None => "",
                    FlowControl::RtsCts => ",rtscts",
                    FlowControl::XonXoff => ",xonxoff",
                };
                write!(formatter, "serial:{}@{baud}{flow}", path.display())
            }
            PrinterSelector::Usb { vendor, product, serial } => {
                write!(formatter, "usb:{vendor:04x}:{product:04x}")?;
                match serial {
                    Some(serial) => write!(formatter, ":{serial}"),
                    None => Ok(()),
                }
            }
            PrinterSelector::Spool { name } => write!(formatter, "spool:{name}"),
            PrinterSelector::File { path } => write!(formatter, "file:{}", path.display()),
            PrinterSelector::Virtual => formatter.write_str("virtual:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_back_as_it_was_written() {
        for text in [
            "tcp:127.0.0.1:9100",
            "tcp:printer.lobby.local:9100",
            "tcp:[fe80::1]:9100",
            "serial:/dev/ttyS0@9600",
            "serial:/dev/serial/by-id/usb-Prolific@home-port0@38400,rtscts",
            "serial:/dev/ttyUSB0@115200,xonxoff",
            "usb:04b8:0202",
            "usb:04b8:0202:J5GF001234",
            "usb:0519:0003:no: 7",
            "spool:Slip_Printer-1",
            "file:/dev/usb/lp0",
            "file:slips, today.bin",
            "virtual:",
        ] {
            let selector: PrinterSelector = text.parse().expect(text);
            assert_eq!(selector.to_string(), text);
        }
        let usual: PrinterSelector = "serial:/dev/ttyS1".parse().expect("speed may be left out");
        assert_eq!(usual.to_string(), "serial:/dev/ttyS1@19200");
    }

    #[test]
    fn every_mistake_is_named() {
        type Mistake = fn(String) -> SelectorError;
        let cases: [(&str, Mistake); 21] = [
            ("", SelectorError::UnknownScheme),
            ("printer", SelectorError::UnknownScheme),
            ("http://x", SelectorError::UnknownScheme),
            ("virtual:x", SelectorError::UnknownScheme),
            ("tcp:", SelectorError::BadTcp),
            ("tcp:host", SelectorError::BadTcp),
            ("tcp:host:0", SelectorError::BadTcp),
            ("tcp:host:70000", SelectorError::BadTcp),
            ("tcp:fe80::1:9100", SelectorError::BadTcp),
            ("tcp:a b:9100", SelectorError::BadTcp),
            ("serial:@9600", SelectorError::BadSerial),
            ("serial:/dev/ttyS0@fast", SelectorError::BadSerial),
            ("serial:/dev/ttyS0@9600,none", SelectorError::BadSerial),
            ("usb:4b8:0202", SelectorError::BadUsb),
            ("usb:04b8", SelectorError::BadUsb),
            ("usb:04b8:0202:", SelectorError::BadUsb),
            ("usb:04b8:0202:\u{1B}@", SelectorError::BadUsb),
            ("spool:", SelectorError::BadSpool),
            ("spool:two words", SelectorError::BadSpool),
            ("spool:-d", SelectorError::BadSpool),
            ("file:", SelectorError::BadFile),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<PrinterSelector>(), Err(error(text.to_owned())), "{text}");
        }
    }
}
