// Apache's Rust server of Peer, with a pool of threads:
// TRANSPORT PROTOCOL PORT...
//
// peers.rs is generated, beside this file.  PEERS_RECORD, and what is told: see
// t/peers/server.cpp.

mod peers;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use peers::*;
use thrift::protocol::*;
use thrift::server::TServer;
use thrift::transport::*;

struct Handler {
    file: Option<Mutex<File>>,
}

impl Handler {
    fn new() -> Handler {
        let file = std::env::var("PEERS_RECORD").ok().map(|name| {
            let file = OpenOptions::new().append(true).create(true).open(name);
            Mutex::new(file.expect("PEERS_RECORD"))
        });

        Handler { file }
    }

    fn record(&self, text: &str) {
        if let Some(file) = &self.file {
            let bytes = text.as_bytes();
            let mut line = bytes[..bytes.len().min(64)].to_vec();

            line.push(b'\n');
            file.lock().unwrap().write_all(&line).unwrap();
        }
    }
}

fn error<T>(text: &str) -> thrift::Result<T> {
    Err(thrift::Error::from(text.to_string()))
}

impl PeerSyncHandler for Handler {
    fn handle_nothing(&self) -> thrift::Result<()> {
        Ok(())
    }

    fn handle_echo_string(&self, text: String) -> thrift::Result<String> {
        self.record(&text);
        Ok(text)
    }

    fn handle_echo_all(&self, all: All) -> thrift::Result<All> {
        Ok(all)
    }

    fn handle_echo_list(&self, numbers: Vec<i32>) -> thrift::Result<Vec<i32>> {
        Ok(numbers)
    }

    fn handle_echo_map(
        &self,
        values: BTreeMap<String, Inner>,
    ) -> thrift::Result<BTreeMap<String, Inner>> {
        Ok(values)
    }

    fn handle_refuse(&self, code: i32) -> thrift::Result<i32> {
        if code != 0 {
            let reason = format!("refused {}", code);
            return Err(thrift::Error::from(Refused::new(code, reason)));
        }

        Ok(0)
    }

    fn handle_fail(&self) -> thrift::Result<()> {
        error("not declared")
    }

    fn handle_tell(&self, text: String) -> thrift::Result<()> {
        self.record(&text);

        if let Some(ms) = text.strip_prefix("sleep ") {
            thread::sleep(Duration::from_millis(ms.parse().unwrap_or(0)));
        } else if text == "raise" {
            return error("told to");
        }

        Ok(())
    }

    fn handle_told(&self, _text: String) -> thrift::Result<bool> {
        Ok(false)
    }

    fn handle_sleep(&self, ms: i32) -> thrift::Result<i32> {
        thread::sleep(Duration::from_millis(ms as u64));
        Ok(ms)
    }
}

fn serve(framing: &str, proto: &str, port: &str) {
    let (input, output): (
        Box<dyn TReadTransportFactory + Send>,
        Box<dyn TWriteTransportFactory + Send>,
    ) = if framing == "framed" {
        (
            Box::new(TFramedReadTransportFactory::new()),
            Box::new(TFramedWriteTransportFactory::new()),
        )
    } else {
        (
            Box::new(TBufferedReadTransportFactory::new()),
            Box::new(TBufferedWriteTransportFactory::new()),
        )
    };

    let (reader, writer): (
        Box<dyn TInputProtocolFactory + Send>,
        Box<dyn TOutputProtocolFactory + Send>,
    ) = if proto == "compact" {
        (
            Box::new(TCompactInputProtocolFactory::new()),
            Box::new(TCompactOutputProtocolFactory::new()),
        )
    } else {
        (
            Box::new(TBinaryInputProtocolFactory::new()),
            Box::new(TBinaryOutputProtocolFactory::new()),
        )
    };

    let mut server = TServer::new(
        input,
        reader,
        output,
        writer,
        PeerSyncProcessor::new(Handler::new()),
        64,
    );

    server.listen(format!("127.0.0.1:{}", port)).expect("listen");
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();

    let threads: Vec<_> = args[2..]
        .iter()
        .cloned()
        .map(|port| {
            let (framing, proto) = (args[0].clone(), args[1].clone());
            thread::spawn(move || serve(&framing, &proto, &port))
        })
        .collect();

    for thread in threads {
        let _ = thread.join();
    }
}
