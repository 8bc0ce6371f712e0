//! What every family's handler does: the event's "do" says it. With AWS's own library.
use lambda_runtime::streaming::{channel, Body};
use lambda_runtime::{service_fn, Context, Error, FunctionResponse, LambdaEvent, MetadataPrelude, StreamResponse};
use serde_json::{json, Value};
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}
impl std::error::Error for Refused {}

fn tell(context: &Context) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    let client = context.client_context.as_ref().map(|client| client.custom.clone());
    json!({"request_id": context.request_id, "arn": context.invoked_function_arn, "name": context.env_config.function_name,
           "version": context.env_config.version, "memory": context.env_config.memory, "group": context.env_config.log_group,
           "stream": context.env_config.log_stream, "remaining": context.deadline.saturating_sub(now), "client": client,
           "trace": std::env::var("_X_AMZN_TRACE_ID").ok()})
}

fn eat() -> ! {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    loop {
        kept.push(vec![b'x'; 1 << 20]);
    }
}

/// Pieces of 1 MiB, each of its own letter, and an error behind them if the event wants one.
fn stream(event: Value) -> StreamResponse<Body> {
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        for number in 0..event["pieces"].as_u64().unwrap_or_default() {
            if sender.send_data(vec![b'a' + number as u8; 1 << 20].into()).await.is_err() {
                return;
            }
        }
        if event["fail"] == true {
            sender.abort();
        }
    });
    let headers = [("content-type", "text/letters")].iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    StreamResponse { metadata_prelude: MetadataPrelude { status_code: 201u16.try_into().unwrap(), headers, cookies: vec![] }, stream: body }
}

async fn respond(event: LambdaEvent<Value>) -> Result<FunctionResponse<Value, Body>, Error> {
    if event.payload["do"] == "stream" {
        return Ok(FunctionResponse::StreamingResponse(stream(event.payload)));
    }
    handle(event).await.map(FunctionResponse::BufferedResponse)
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (payload, context) = event.into_parts();
    match payload["do"].as_str().unwrap_or_default() {
        "echo" => Ok(payload),
        "context" => Ok(tell(&context)),
        "environment" => Ok(std::env::vars().map(|(name, value)| (name, Value::from(value))).collect::<serde_json::Map<_, _>>().into()),
        "async" => {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(json!({"doubled": 2 * payload["number"].as_i64().unwrap_or_default()}))
        }
        "unended" => {
            print!("no line's end");
            std::io::stdout().flush()?;
            Ok(Value::Null)
        }
        "print" => {
            println!("a printed line");
            Ok(Value::Null)
        }
        "error" => Err(Refused("as asked".into()).into()),
        "panic" => panic!("as asked"),
        "crash" => std::process::abort(),
        "exit" => std::process::exit(3),
        "sleep" => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(Value::Null)
        }
        "memory" => eat(),
        "large" => Ok(Value::from("x".repeat(payload["size"].as_u64().unwrap_or_default() as usize))),
        "layer" => Ok(json!({"file": std::fs::read_to_string("/opt/layer.txt")?})),
        _ => Err(Refused(payload.to_string()).into()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(respond)).await
}
