//! `_uuid`: identifiers made of the time and of the machine's address (RFC 9562, version 1).
//!
//! The same job as CPython's `Modules/_uuidmodule.c` with the C library `libuuid`, whose daemon we do not ask: two processes
//! may, if hardly ever, make the same one, which is what "not safe" says.

use std::cell::Cell;

use krait_objects::prelude::*;

/// Ticks of 100 ns from the start of the Gregorian calendar to that of Unix time.
const GREGORIAN: u64 = 0x01b2_1dd2_1381_4000;

/// What is the same for all identifiers of an interpreter, and the time of the last.
#[derive(Default)]
struct State {
    source: Cell<Option<(u16, [u8; 6])>>,
    last: Cell<u64>,
}

/// A network card's address; random, and marked as such, if there is none.
fn node(random: [u8; 6]) -> [u8; 6] {
    let cards = std::fs::read_dir("/sys/class/net").into_iter().flatten().flatten();
    let addresses = cards.filter_map(|card| {
        let text = std::fs::read_to_string(card.path().join("address")).ok()?;
        let bytes = text.trim().split(':').map(|byte| u8::from_str_radix(byte, 16));
        <[u8; 6]>::try_from(bytes.collect::<Result<Vec<u8>, _>>().ok()?).ok()
    });
    let [first, rest @ ..] = random;
    let made_up = [first | 1, rest[0], rest[1], rest[2], rest[3], rest[4]];
    addresses.filter(|address| *address != [0; 6]).min().unwrap_or(made_up)
}

fn random() -> [u8; 8] {
    let mut bytes = [0; 8];
    // SAFETY: a writable place of that size. Without the system's randomness, zeros are still valid.
    unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    bytes
}

/// Identifiers that the system helps to make unique.
#[pymodule(name = "_uuid")]
pub struct Uuid;

#[pyfunctions]
impl Uuid {
    #[constant(name = "has_uuid_generate_time_safe")]
    const HAS_GENERATE_TIME_SAFE: i64 = 1;
    #[constant(name = "has_stable_extractable_node")]
    const HAS_STABLE_NODE: i64 = 0;

    /// Return the 16 bytes of a new identifier, and whether it is safe: 0, or -1 if it is not.
    #[function(sig = "()", no_text)]
    fn generate_time_safe(th: &Thread) -> PyResult<Owned<Tuple>> {
        let state = th.interp().state::<State>();
        let (sequence, node) = state.source.get().unwrap_or_else(|| {
            let [a, b, rest @ ..] = random();
            (u16::from_be_bytes([a, b]) & 0x3fff | 0x8000, node(rest))
        });
        state.source.set(Some((sequence, node)));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = (now.unwrap_or_default().as_nanos() / 100) as u64 + GREGORIAN;
        // The clock may stand still, or be set back: the next identifier is another one all the same.
        let now = now.max(state.last.get() + 1);
        state.last.set(now);
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&(now as u32).to_be_bytes());
        bytes[4..6].copy_from_slice(&((now >> 32) as u16).to_be_bytes());
        bytes[6..8].copy_from_slice(&((now >> 48) as u16 & 0x0fff | 0x1000).to_be_bytes());
        bytes[8..10].copy_from_slice(&sequence.to_be_bytes());
        bytes[10..].copy_from_slice(&node);
        let bytes = Bytes::new(th, &bytes)?.into_object();
        Tuple::pack(th, [bytes, Int::from_i64(th, -1)?.into_object()])
    }
}
