//! A Rust host: it gives Python a function and a class, then runs a script with them.
//!
//! `cargo run --release --example embed -- examples/report.py LOCK_FILE TEXT_FILE`

use krait::{Body, Error, Interpreter, Python, Result, ToPython, Value};

/// `host.scale(x)`: what the host knows and the script does not.
fn scale<'py>(py: Python<'py>, args: &[Value<'py>]) -> Result<Value<'py>> {
    let [x] = args else {
        return Err(Error::new("scale() takes one number"));
    };
    let x: f64 = x.extract()?;
    (x * 2.5).to_python(py)
}

/// The methods of `host.Counter`.
fn counter() -> Vec<(&'static str, Body)> {
    let init: Body = Box::new(|py, args| {
        args[0].set_attr("count", 0i64)?;
        Ok(py.none())
    });
    let add: Body = Box::new(|py, args| {
        let count: i64 = args[0].attr("count")?.extract()?;
        let more: i64 = args.get(1).map_or(Ok(1), Value::extract)?;
        args[0].set_attr("count", count + more)?;
        Ok(py.none())
    });
    vec![("__init__", init), ("add", add)]
}

fn main() -> Result<()> {
    let script: Vec<String> = std::env::args().skip(1).collect();
    let interpreter = Interpreter::builder().args(script.clone()).build()?;
    interpreter.attach(|py| {
        let scale = py.function("scale", scale)?;
        let counter = py.class("Counter", counter())?;
        py.module("host", &[("scale", scale), ("Counter", counter)])?;
        py.run("import host\ncounter = host.Counter()\ncounter.add(3)\ncounter.add()\n")?;
        let count: i64 = py.eval("counter.count")?.extract()?;
        let scaled: f64 = py.eval("host.scale(4)")?.extract()?;
        if (count, scaled) != (4, 10.0) {
            return Err(Error::new(format!("unexpected: {count}, {scaled}")));
        }
        match script.first() {
            Some(path) => py.run_file(path)?,
            None => py.run("print('hello from Python inside Rust')")?,
        }
        py.flush();
        Ok(())
    })
}
