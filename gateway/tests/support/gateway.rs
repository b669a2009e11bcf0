//! The gateway as a process.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::{Reply, get};

const PROGRAM: &str = env!("CARGO_BIN_EXE_auth-gateway");

/// A running gateway. It goes with the value.
pub struct Gateway {
    pub address: SocketAddr,
    child: Child,
    log: Arc<Mutex<String>>,
    output: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Gateway {
    /// Starts one on a port of its own, with more flags.
    pub fn start(database_url: &str, flags: &[&str]) -> Self {
        Self::start_with(database_url, flags, "info")
    }

    /// Starts one that logs at `level`.
    pub fn start_with(database_url: &str, flags: &[&str], level: &str) -> Self {
        Self::start_in(database_url, flags, &[("RUST_LOG", level)])
    }

    /// Starts one with more of an environment.
    pub fn start_in(database_url: &str, flags: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Self::command();
        command
            .args(["--listen", "127.0.0.1:0", "--log-format", "json"])
            .args(flags);
        command.env("DATABASE_URL", database_url);
        command.envs(environment.iter().copied());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log"));
        let mut first = String::new();
        lines.read_line(&mut first).expect("a line");
        let line: serde_json::Value = serde_json::from_str(&first).expect(&first);
        let address = line["address"].as_str().and_then(|text| text.parse().ok());
        let log = Arc::new(Mutex::new(first.clone()));
        let output = Arc::default();
        let printed = BufReader::new(child.stdout.take().expect("its output"));
        let readers = vec![collect(lines, &log), collect(printed, &output)];
        Self {
            address: address.expect(&first),
            child,
            log,
            output,
            readers,
        }
    }

    /// Runs one to its end: exit code, and what it said on standard output and error.
    pub fn run(flags: &[&str]) -> (Option<i32>, String, String) {
        let output = Self::command().args(flags).output().expect("it starts");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn command() -> Command {
        let mut command = Command::new(PROGRAM);
        for (name, _) in std::env::vars() {
            if name.starts_with("AUTH_") || name.starts_with("PG") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        command
    }

    pub fn get(&self, path: &str) -> Reply {
        get(self.address, path, "")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// What it has printed on standard output.
    pub fn output(&self) -> String {
        self.output.lock().expect("the output").clone()
    }

    /// The memory that it occupies, in KiB.
    pub fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let mut text = String::new();
        let file = std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text));
        file.expect("its status");
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let size = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
        size.expect("a size")
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status();
        assert!(status.expect("kill").success());
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let status = self.child.wait().expect("it ends");
        for reader in self.readers.drain(..) {
            reader.join().expect("the log's reader");
        }
        status
    }
}

/// Collects lines as they come.
fn collect(mut lines: impl BufRead + Send + 'static, sink: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let sink = sink.clone();
    std::thread::spawn(move || {
        let mut line = String::new();
        while matches!(lines.read_line(&mut line), Ok(read) if read > 0) {
            sink.lock().expect("the lines").push_str(&line);
            line.clear();
        }
    })
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.wait();
        if std::thread::panicking() {
            eprintln!("the gateway's log:\n{}", self.log());
        }
    }
}
