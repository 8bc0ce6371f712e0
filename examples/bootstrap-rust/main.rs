// A custom runtime in Rust, standard library only: the function wraps every event in a greeting.
//
// main is the runtime: it fetches events from the Runtime API and posts the answers, over one connection. handle is the function.
// A panic or an Err of handle becomes a function error and the environment lives on.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

const EVENT_BYTES_MAX: usize = 64 << 20;

struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

fn handle(event: &str, remaining_ms: i64) -> std::result::Result<String, String> {
    if event.trim().is_empty() {
        return Err("the event is empty".into());
    }
    Ok(format!("{{\"language\":\"rust\",\"event\":{event},\"remainingMs\":{remaining_ms}}}"))
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_string())
}

struct RuntimeApi {
    host: String,
    stream: BufReader<TcpStream>,
}

impl RuntimeApi {
    fn connect(host: String) -> Result<RuntimeApi> {
        let stream = TcpStream::connect(&host)?;
        stream.set_nodelay(true)?;
        Ok(RuntimeApi { host, stream: BufReader::new(stream) })
    }

    fn request(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<Answer> {
        let mut message = format!(
            "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n{headers}\r\n",
            self.host,
            body.len()
        )
        .into_bytes();
        message.extend_from_slice(body);
        self.stream.get_mut().write_all(&message)?;
        self.read_answer()
    }

    fn read_line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(broken("the platform closed the connection"));
        }
        Ok(line.trim_end().to_string())
    }

    fn read_answer(&mut self) -> Result<Answer> {
        let start = self.read_line()?;
        let status = start.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(|| broken("not an HTTP answer"))?;
        let mut headers = HashMap::new();
        loop {
            let line = self.read_line()?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                headers.insert(name.to_ascii_lowercase(), value.trim().to_string());
            }
        }
        let size: usize = headers.get("content-length").map_or(Ok(0), |s| s.parse()).map_err(|_| broken("bad length"))?;
        if size > EVENT_BYTES_MAX || headers.contains_key("transfer-encoding") {
            return Err(broken("an event too large, or chunked"));
        }
        let mut body = vec![0; size];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, headers, body })
    }
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
}

fn call_safely(answer: &Answer) -> std::result::Result<String, String> {
    let event = std::str::from_utf8(&answer.body).map_err(|e| e.to_string())?;
    let deadline: i64 = answer.headers.get("lambda-runtime-deadline-ms").and_then(|s| s.parse().ok()).unwrap_or(0);
    std::panic::catch_unwind(|| handle(event, deadline - now_ms())).unwrap_or_else(|_| Err("the handler panicked".into()))
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

fn serve() -> Result<()> {
    let host = std::env::var("AWS_LAMBDA_RUNTIME_API").map_err(|_| broken("AWS_LAMBDA_RUNTIME_API is not set"))?;
    let mut api = RuntimeApi::connect(host)?;
    loop {
        let next = api.request("GET", "invocation/next", "", b"")?;
        let id = match next.headers.get("lambda-runtime-aws-request-id") {
            Some(id) if next.status == 200 => id.clone(),
            _ => return Err(broken("no next invocation")),
        };
        let answer = match call_safely(&next) {
            Ok(result) => {
                api.request("POST", &format!("invocation/{id}/response"), "Content-Type: application/json\r\n", result.as_bytes())?
            }
            Err(message) => {
                let body = format!("{{\"errorType\":\"Function.HandlerFailed\",\"errorMessage\":{},\"stackTrace\":[]}}", json_text(&message));
                let headers = "Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: Function.HandlerFailed\r\n";
                api.request("POST", &format!("invocation/{id}/error"), headers, body.as_bytes())?
            }
        };
        if answer.status >= 500 {
            return Err(broken("the platform failed"));
        }
    }
}

fn main() {
    if let Err(error) = serve() {
        eprintln!("bootstrap: {error}");
        std::process::exit(1);
    }
}
