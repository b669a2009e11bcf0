//! The mail server `mail_server.py`, which is aiosmtpd.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};

/// A running mail server. It goes with the value.
pub struct MailServer {
    pub port: u16,
    child: Child,
    seen: Arc<Mutex<Vec<Value>>>,
}

impl MailServer {
    /// Starts one with arguments of `mail_server.py`.
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(python());
        command.arg(folder().join("mail_server.py")).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let first = lines.next().expect("a line").expect("text");
        let first: Value = serde_json::from_str(&first).expect(&first);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = seen.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).expect(&line);
                sink.lock().expect("the events").push(event);
            }
        });
        Self {
            port: first["port"]
                .as_u64()
                .and_then(|port| port.try_into().ok())
                .expect("a port"),
            child,
            seen,
        }
    }

    /// What it has reported of a kind.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        let seen = self.seen.lock().expect("the events");
        seen.iter()
            .filter(|event| event["event"] == kind)
            .cloned()
            .collect()
    }

    /// The mails that it has taken.
    pub fn mails(&self) -> Vec<Value> {
        self.events("mail")
    }

    /// How to reach it.
    pub fn transport(&self, security: &str) -> Value {
        json!({"host": "127.0.0.1", "port": self.port, "security": security})
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The values of a mail's header.
pub fn header<'a>(mail: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = mail["headers"].as_array().expect("headers");
    let named = headers.iter().filter(|pair| pair[0] == name);
    named.map(|pair| pair[1].as_str().expect("text")).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/courier")
}

/// Python with what `requirements.txt` names, in a virtual environment below the target folder.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let environment = target.join("mail-server");
        // Another run of the tests may be at it.
        let lock = std::fs::File::create(target.join("mail-server.lock")).expect("a lock");
        lock.lock().expect("the lock");
        let listed = folder().join("requirements.txt");
        let wanted = std::fs::read(&listed).expect("the list");
        let installed = environment.join("requirements.txt");
        if std::fs::read(&installed).ok().as_ref() != Some(&wanted) {
            let mut venv = Command::new("python3");
            succeed(venv.args(["-m", "venv", "--clear"]).arg(&environment));
            let mut pip = Command::new(environment.join("bin/pip"));
            let options = [
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "-r",
            ];
            succeed(pip.args(options).arg(&listed));
            std::fs::write(&installed, &wanted).expect("it is kept");
        }
        environment.join("bin/python")
    })
}

fn succeed(command: &mut Command) {
    let status = command.status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{command:?} fails: install python3-venv"
    );
}
