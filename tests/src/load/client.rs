//! One connection to the server's API that stays open. It never retries: what fails is to be seen.
//!
//! It writes a request with one call and reads the answer with as few as it comes in, with no task and no channel between: it
//! shares the processors with what it measures, and a general client spends more on a ticket than the server does.

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// More headers than any answer has.
const MOST_HEADERS: usize = 32;

/// An open connection with its bearer's token.
pub struct Client {
    stream: TcpStream,
    host: String,
    token: String,
    /// What has come of the answer being read.
    received: Vec<u8>,
}

impl Client {
    /// Connects to `host` (address and port) on the current runtime.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn connect(host: &str, token: &str) -> Result<Client> {
        let stream = TcpStream::connect(host).await.with_context(|| format!("connecting to {host}"))?;
        stream.set_nodelay(true)?;
        Ok(Client { stream, host: host.to_owned(), token: token.to_owned(), received: Vec::with_capacity(4_096) })
    }

    /// Sends a body to a path of the API and gives the answer's body.
    ///
    /// # Errors
    /// When there is no answer, or it is not one of success; the text holds it.
    pub async fn post(&mut self, path: &str, body: String) -> Result<Vec<u8>> {
        self.send("POST", path, &body).await
    }

    /// Gets a path of the API.
    ///
    /// # Errors
    /// As for [`Client::post`].
    pub async fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        self.send("GET", path, "").await
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        let (host, token, length) = (&self.host, &self.token, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.received.clear();
        let head = loop {
            ensure!(self.stream.read_buf(&mut self.received).await? > 0, "{path}: the server hung up");
            if let Some(head) = read_head(&self.received)? {
                break head;
            }
        };
        let end = head.bytes + head.body_bytes;
        while self.received.len() < end {
            ensure!(self.stream.read_buf(&mut self.received).await? > 0, "{path}: the server hung up in mid-answer");
        }
        ensure!(self.received.len() == end, "{path}: more came than the answer says");
        let body = self.received[head.bytes..].to_vec();
        if head.status >= 400 {
            bail!("{path}: {} {}", head.status, String::from_utf8_lossy(&body));
        }
        Ok(body)
    }
}

/// What an answer's head says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Its own length.
    bytes: usize,
    body_bytes: usize,
}

/// Reads an answer's head; nothing when it is not there to its end.
fn read_head(received: &[u8]) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(bytes) = answer.parse(received)? else { return Ok(None) };
    let status = answer.code.context("an answer without a status")?;
    let length = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let body_bytes = match length {
        Some(length) => std::str::from_utf8(length.value)?.parse()?,
        None if status == 204 => 0,
        None => bail!("an answer of {status} does not say how long it is"),
    };
    Ok(Some(Head { status, bytes, body_bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_where_its_answer_ends() {
        let whole = b"HTTP/1.1 201 Created\r\nContent-Length: 7\r\nx-request-id: 1\r\n\r\n{\"a\":1}";
        let head = Head { status: 201, bytes: whole.len() - 7, body_bytes: 7 };
        assert_eq!(read_head(whole).expect("it can be read"), Some(head));
        for end in 0..whole.len() - 7 {
            assert_eq!(read_head(&whole[..end]).expect("it can be read"), None, "{end} bytes");
        }
        let bare = read_head(b"HTTP/1.1 204 No Content\r\n\r\n").expect("it can be read").expect("it is whole");
        assert_eq!((bare.status, bare.body_bytes), (204, 0));
        for odd in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n", "what?\r\n\r\n"] {
            assert!(read_head(odd.as_bytes()).is_err(), "{odd}");
        }
    }
}
