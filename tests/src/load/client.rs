//! One connection to the server's API that stays open. It never retries: what fails is to be seen.

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An open connection with its bearer's token.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    bearer: String,
}

impl Client {
    /// Connects to `host` (address and port) on the current runtime.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn connect(host: &str, token: &str) -> Result<Client> {
        let stream = TcpStream::connect(host).await.with_context(|| format!("connecting to {host}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // The connection's end is told to whoever sends on it next.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Client { sender, host: host.to_owned(), bearer: format!("Bearer {token}") })
    }

    /// Sends a body to a path of the API and gives the answer's body.
    ///
    /// # Errors
    /// When there is no answer, or it is not one of success; the text holds it.
    pub async fn post(&mut self, path: &str, body: String) -> Result<Bytes> {
        self.send(Method::POST, path, body).await
    }

    /// Gets a path of the API.
    ///
    /// # Errors
    /// As for [`Client::post`].
    pub async fn get(&mut self, path: &str) -> Result<Bytes> {
        self.send(Method::GET, path, String::new()).await
    }

    async fn send(&mut self, method: Method, path: &str, body: String) -> Result<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .header("authorization", &self.bearer)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status >= StatusCode::BAD_REQUEST {
            bail!("{path}: {status} {}", String::from_utf8_lossy(&body));
        }
        Ok(body)
    }
}
