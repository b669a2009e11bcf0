//! An HTTP server that takes requests and answers as it is told.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;

/// A request.
#[derive(Debug, Clone)]
pub struct Received {
    /// Method and path.
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    /// A header's value; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        let named = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        named.map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    /// Whole answers to be given before the usual one.
    answers: VecDeque<String>,
    is_held: bool,
    delay: Duration,
}

type Shared = Arc<(Mutex<State>, Condvar)>;

/// A running receiver.
pub struct Receiver {
    pub address: SocketAddr,
    shared: Shared,
}

impl Receiver {
    /// Starts one; with a certificate and its key, it speaks TLS.
    pub fn start(certified: Option<&rcgen::CertifiedKey<rcgen::KeyPair>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared = Shared::default();
        let tls = certified.map(|certified| Arc::new(server_config(certified)));
        let state = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (state, tls) = (state.clone(), tls.clone());
                let stream = stream.expect("a connection");
                std::thread::spawn(move || match tls {
                    None => serve(stream, &state),
                    Some(tls) => {
                        let tls = rustls::ServerConnection::new(tls).expect("a connection");
                        serve(rustls::StreamOwned::new(tls, stream), &state)
                    }
                });
            }
        });
        Self { address, shared }
    }

    /// The address of one of its paths.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers the next request so: status, more header lines, body.
    pub fn answer(&self, status: u16, headers: &str, body: &str) {
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        self.state().answers.push_back(answer);
    }

    /// Answers nothing until released.
    pub fn hold(&self) {
        self.state().is_held = true;
    }

    pub fn release(&self) {
        self.state().is_held = false;
        self.shared.1.notify_all();
    }

    /// Takes so long for each answer.
    pub fn delay(&self, delay: Duration) {
        self.state().delay = delay;
    }

    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.0.lock().expect("its state")
    }
}

fn server_config(certified: &rcgen::CertifiedKey<rcgen::KeyPair>) -> rustls::ServerConfig {
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    rustls::ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("a configuration")
}

/// Takes one request. A client that breaks off is no news.
fn serve(mut stream: impl Read + Write, shared: &Shared) {
    if let Ok(request) = read(&mut stream) {
        let (state, released) = &**shared;
        let mut state = state.lock().expect("its state");
        state.received.push(request);
        let delay = state.delay;
        let usual = "HTTP/1.1 204 X\r\n\r\n".to_owned();
        let answer = state.answers.pop_front().unwrap_or(usual);
        let held = released.wait_while(state, |state| state.is_held);
        drop(held.expect("its state"));
        std::thread::sleep(delay);
        let _ = stream.write_all(answer.as_bytes());
        let _ = stream.flush();
    }
}

fn read(stream: &mut impl Read) -> std::io::Result<Received> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers = lines[1..].iter().filter_map(|line| line.split_once(':'));
    let mut request = Received {
        line: lines[0].trim_end_matches(" HTTP/1.1").to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect(),
        body: Vec::new(),
    };
    let length = request.header("content-length").parse().unwrap_or(0);
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body)?;
    Ok(request)
}
