// Apache's library for Rust as a reader: see t/agree/run.  Its server ends a
// connection when process() fails, or panics.
//
//     read_rust CORPUS OUT

mod agree;

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Cursor, Read, Write};
use std::panic::{catch_unwind, set_hook, AssertUnwindSafe};
use std::rc::Rc;

use agree::{Body, SvcSyncHandler, SvcSyncProcessor};
use thrift::protocol::{
    TBinaryInputProtocol, TBinaryOutputProtocol, TCompactInputProtocol, TInputProtocol,
};
use thrift::server::TProcessor;

const TAIL: usize = 4096;

struct Seven;

impl SvcSyncHandler for Seven {
    fn handle_call(&self, _body: Body) -> thrift::Result<i32> {
        Ok(7)
    }
}

// Counts what is read.

struct Bytes {
    bytes: Cursor<Vec<u8>>,
    at: Rc<Cell<usize>>,
}

impl Read for Bytes {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let n = self.bytes.read(to)?;
        self.at.set(self.at.get() + n);
        Ok(n)
    }
}

fn ended(error: &thrift::Error) -> bool {
    let text = format!("{:?}", error);

    text.contains("EndOfFile") || text.contains("UnexpectedEof") || text.contains("failed to fill")
}

fn read(protocol: &str, bytes: Vec<u8>) -> (&'static str, usize) {
    let at = Rc::new(Cell::new(0));
    let transport = Bytes {
        bytes: Cursor::new(bytes),
        at: at.clone(),
    };

    let done = catch_unwind(AssertUnwindSafe(|| {
        let mut input: Box<dyn TInputProtocol> = if protocol == "binary" {
            Box::new(TBinaryInputProtocol::new(transport, true))
        } else {
            Box::new(TCompactInputProtocol::new(transport))
        };

        let mut output = TBinaryOutputProtocol::new(Vec::new(), true);

        SvcSyncProcessor::new(Seven).process(&mut *input, &mut output)
    }));

    let what = match done {
        Ok(Ok(())) => "on",
        Ok(Err(e)) if ended(&e) => "more",
        _ => "closes",
    };

    (what, at.get())
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let corpus = BufReader::new(File::open(&args[1]).unwrap());
    let mut results = BufWriter::new(File::create(&args[2]).unwrap());

    set_hook(Box::new(|_| {}));

    for line in corpus.lines() {
        let line = line.unwrap();
        let column: Vec<&str> = line.split('\t').collect();

        let mut bytes: Vec<u8> = (0..column[2].len() / 2)
            .map(|i| u8::from_str_radix(&column[2][2 * i..2 * i + 2], 16).unwrap())
            .collect();

        bytes.resize(bytes.len() + TAIL, 0);

        let (what, at) = read(column[1], bytes);

        writeln!(results, "{}\t{}\t{}", column[0], what, at).unwrap();
    }
}
