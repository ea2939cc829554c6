//! Boards that do nothing but listen: each holds a socket, notes when a call's frame is there, and comes back after a loss.
//!
//! A frame is read by its first words and not parsed: a thousand boards on one processor would otherwise be the slowest
//! part of what they measure.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::StreamExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// What a board noted.
pub enum Note {
    /// It is connected and has its snapshot, or its place in the log.
    Ready,
    /// A call reached it.
    Call {
        /// The ticket's id.
        ticket: String,
        /// When the frame was there.
        at: Instant,
    },
}

/// A board and where it listens.
#[derive(Clone)]
pub struct Board {
    /// The server's address and port.
    pub host: String,
    /// The path of its socket.
    pub path: String,
    /// The token it shows.
    pub token: String,
    /// The longest it waits before it comes back after a loss; each board waits its own share of it.
    pub come_back_within: Duration,
    /// Its number among all boards.
    pub number: u32,
}

impl Board {
    /// Listens on a task of the current runtime until the task is aborted.
    pub fn listen(self, notes: UnboundedSender<Note>) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut cursor = None;
            loop {
                // A server that is away is what the waiting below is for.
                let _ = self.stay(&mut cursor, &notes).await;
                if notes.is_closed() {
                    return;
                }
                tokio::time::sleep(self.wait()).await;
            }
        })
    }

    /// A share of the longest wait that differs from board to board.
    fn wait(&self) -> Duration {
        // The golden ratio's fraction spreads consecutive numbers evenly.
        self.come_back_within.mul_f64((f64::from(self.number) * 0.618_033_988_75).fract())
    }

    async fn stay(&self, cursor: &mut Option<u64>, notes: &UnboundedSender<Note>) -> Result<()> {
        let mut socket = self.open(*cursor).await?;
        if cursor.is_some() {
            notes.send(Note::Ready)?;
        }
        while let Some(message) = socket.next().await {
            let at = Instant::now();
            let Message::Text(text) = message? else { continue };
            let Some(seq) = number_after(&text, "\"seq\":") else { continue };
            let is_first = cursor.replace(seq).is_none();
            if is_first {
                notes.send(Note::Ready)?;
            }
            if text.starts_with("{\"type\":\"ticket.called\"") {
                let ticket = text_after(&text, "\"id\":\"").context("a call without a ticket")?.to_owned();
                notes.send(Note::Call { ticket, at })?;
            }
        }
        Ok(())
    }

    async fn open(&self, after: Option<u64>) -> Result<WebSocketStream<TcpStream>> {
        let after = after.map_or(String::new(), |seq| format!("?after={seq}"));
        let mut request = format!("ws://{}{}{after}", self.host, self.path).into_client_request()?;
        request.headers_mut().insert("Authorization", format!("Bearer {}", self.token).parse()?);
        let stream = TcpStream::connect(&self.host).await?;
        stream.set_nodelay(true)?;
        // The library's own buffer of 128 KiB a socket would be more than a gigabyte for ten thousand.
        let small = WebSocketConfig::default().read_buffer_size(1024);
        let (socket, _) = client_async_with_config(request, stream, Some(small)).await?;
        Ok(socket)
    }
}

fn text_after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = &text[text.find(word)? + word.len()..];
    Some(&rest[..rest.find('"')?])
}

fn number_after(text: &str, word: &str) -> Option<u64> {
    let rest = &text[text.find(word)? + word.len()..];
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_by_its_first_words() {
        let frame = r#"{"type":"ticket.called","seq":41,"prev":39,"ticket":{"id":"0198c0de","number":"A001"}}"#;
        assert_eq!(number_after(frame, "\"seq\":"), Some(41));
        assert_eq!(text_after(frame, "\"id\":\""), Some("0198c0de"));
        assert_eq!(number_after(r#"{"type":"heartbeat"}"#, "\"seq\":"), None);
    }

    #[test]
    fn boards_come_back_one_after_the_other() {
        let wait = |number| {
            let (host, path, token) = (String::new(), String::new(), String::new());
            Board { host, path, token, come_back_within: Duration::from_secs(1), number }.wait()
        };
        let waits: std::collections::BTreeSet<_> = (0..1000).map(wait).collect();
        assert_eq!(waits.len(), 1000);
        assert!(waits.iter().all(|wait| *wait < Duration::from_secs(1)));
    }
}
