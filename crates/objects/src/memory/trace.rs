//! What `tracemalloc` knows: where each live block was allocated.
//!
//! The heap has a `Tracer` only while memory is traced. It takes its own memory from the system, so tracing does not trace
//! itself, and it releases no Python object before it is dropped. The same job as CPython's `Python/tracemalloc.c`.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use crate::handle::Owned;
use crate::str::Str;
use crate::thread::Thread;

/// The domain of blocks of the interpreter's own allocators.
pub const OWN_DOMAIN: u32 = 0;
/// How many frames a traceback may have.
pub const MOST_FRAMES: usize = u16::MAX as usize;

/// A line of a file; no file stands for what runs outside Python code.
pub struct Line {
    pub file: Option<Owned<Str>>,
    pub number: u32,
}

impl Line {
    /// File names are the same if they are the same object: code objects of a file share it.
    fn key(&self) -> (usize, u32) {
        (self.file.as_ref().map_or(0, |file| file.as_ptr() as usize), self.number)
    }
}

impl PartialEq for Line {
    fn eq(&self, other: &Line) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Line {}

impl std::hash::Hash for Line {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// Where a block was allocated: the innermost frames, and how many there were in all.
#[derive(PartialEq, Eq, Hash)]
pub struct Place {
    pub lines: Vec<Line>,
    pub total: u16,
}

/// A live block.
#[derive(Clone)]
pub struct Trace {
    pub size: usize,
    pub place: Rc<Place>,
}

/// Addresses spread well enough after one multiplication.
#[derive(Default)]
pub struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte.into());
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(32)
    }
}

pub type AddressHash = BuildHasherDefault<AddressHasher>;

/// The traces of an interpreter's blocks.
pub struct Tracer {
    /// Frames kept of a traceback.
    limit: usize,
    /// By domain and address.
    traces: HashMap<(u32, usize), Trace, AddressHash>,
    /// Each place once. They all stay until the tracer is dropped, so that no file name is released before.
    places: HashSet<Rc<Place>, AddressHash>,
    /// While the tracer's content is shown, what is allocated for that is not traced.
    pub paused: bool,
    traced: usize,
    peak: usize,
}

impl Tracer {
    pub fn new(limit: usize) -> Tracer {
        Tracer {
            limit: limit.clamp(1, MOST_FRAMES),
            traces: HashMap::default(),
            places: HashSet::default(),
            paused: false,
            traced: 0,
            peak: 0,
        }
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes in traced blocks: now, and the most since the start or the last `reset_peak`.
    pub fn traced(&self) -> (usize, usize) {
        (self.traced, self.peak)
    }

    pub fn reset_peak(&mut self) {
        self.peak = self.traced;
    }

    /// What the traces themselves take, about.
    pub fn own_bytes(&self) -> usize {
        let lines: usize = self.places.iter().map(|place| place.lines.capacity()).sum();
        self.traces.capacity() * size_of::<((u32, usize), Trace)>()
            + self.places.len() * size_of::<Place>()
            + self.places.capacity() * size_of::<Rc<Place>>()
            + lines * size_of::<Line>()
    }

    /// A block that was allocated, or traced as another size, is here now.
    pub fn track(&mut self, domain: u32, address: usize, size: usize) {
        if self.paused {
            return;
        }
        let place = self.here();
        let before = self.traces.insert((domain, address), Trace { size, place });
        self.traced = self.traced - before.map_or(0, |trace| trace.size) + size;
        self.peak = self.peak.max(self.traced);
    }

    /// A block is gone.
    pub fn untrack(&mut self, domain: u32, address: usize) -> Option<Trace> {
        let trace = self.traces.remove(&(domain, address))?;
        self.traced -= trace.size;
        Some(trace)
    }

    /// Takes an `untrack` back.
    pub fn restore(&mut self, domain: u32, address: usize, trace: Trace) {
        self.traced += trace.size;
        self.traces.insert((domain, address), trace);
    }

    /// The trace of a block.
    pub fn find(&self, domain: u32, address: usize) -> Option<&Trace> {
        self.traces.get(&(domain, address))
    }

    /// All traces, with their domains.
    pub fn all(&self) -> impl Iterator<Item = (u32, &Trace)> {
        self.traces.iter().map(|((domain, _), trace)| (*domain, trace))
    }

    /// The place that the calling thread is at.
    fn here(&mut self) -> Rc<Place> {
        let mut lines = Vec::new();
        let mut total = 0_usize;
        if let Some(th) = Thread::current_or_none() {
            let stack = th.interp().services.get().stack;
            stack(th, &mut |file, number| {
                if lines.len() < self.limit {
                    lines.push(Line { file: Some(file.to_owned()), number });
                }
                total += 1;
            });
        }
        if lines.is_empty() {
            lines.push(Line { file: None, number: 0 });
            total = 1;
        }
        let place = Place { lines, total: total.min(MOST_FRAMES) as u16 };
        if let Some(known) = self.places.get(&place) {
            return known.clone();
        }
        let place = Rc::new(place);
        self.places.insert(place.clone());
        place
    }
}
