//! `_tracemalloc`: where the interpreter's memory was allocated.
//!
//! The traces are in `objects::memory::trace`. The same job as CPython's `Modules/_tracemalloc.c`.

use std::collections::HashMap;
use std::rc::Rc;

use krait_objects::memory::trace::{MOST_FRAMES, OWN_DOMAIN, Place};
use krait_objects::prelude::*;
use krait_objects::typeobj::alloc::size_before;

/// Traces the memory that Python allocates: where, and how much.
#[pymodule(name = "_tracemalloc")]
pub struct Tracemalloc;

fn int(th: &Thread, value: usize) -> PyResult {
    Int::from_usize(th, value).map(Owned::into_object)
}

/// A place as Python sees it: file names and lines, innermost first.
pub fn lines_of(th: &Thread, place: &Place) -> PyResult<Owned<Tuple>> {
    let mut lines = Vec::with_capacity(place.lines.len());
    for line in &place.lines {
        let file = match &line.file {
            Some(file) => file.clone(),
            None => Str::interned(th, "<unknown>")?,
        };
        let pair = [file.into_object(), int(th, line.number as usize)?];
        lines.push(Tuple::pack(th, pair)?.into_object());
    }
    Tuple::from_vec(th, lines)
}

/// All traces as tuples of domain, size, lines and number of frames.
fn show_traces(th: &Thread) -> PyResult<Owned<List>> {
    let heap = &th.interp().heap;
    let copy = heap.with_tracer(|tracer| {
        tracer.all().map(|(domain, trace)| (domain, trace.clone())).collect::<Vec<_>>()
    });
    let mut shown: HashMap<*const Place, Owned<Tuple>> = HashMap::new();
    let mut traces = Vec::new();
    for (domain, trace) in copy.unwrap_or_default() {
        let lines = match shown.entry(Rc::as_ptr(&trace.place)) {
            std::collections::hash_map::Entry::Occupied(known) => known.get().clone(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(lines_of(th, &trace.place)?).clone()
            }
        };
        let trace = [
            int(th, domain as usize)?,
            int(th, trace.size)?,
            lines.into_object(),
            int(th, trace.place.total.into())?,
        ];
        traces.push(Tuple::pack(th, trace)?.into_object());
    }
    List::from_vec(th, traces)
}

#[pyfunctions]
impl Tracemalloc {
    /// Whether memory is being traced.
    #[function(sig = "()")]
    fn is_tracing(th: &Thread) -> bool {
        th.interp().heap.is_tracing()
    }

    /// Forget all traces.
    #[function(sig = "()")]
    fn clear_traces(th: &Thread) {
        drop(th.interp().heap.clear_traces());
    }

    /// Return all traces as a list of tuples: domain, size, traceback, number of frames.
    ///
    /// A traceback is a tuple of file names and lines, the innermost frame first. The list is empty
    /// while memory is not traced.
    #[function(sig = "()")]
    fn _get_traces(th: &Thread) -> PyResult<Owned<List>> {
        let heap = &th.interp().heap;
        heap.with_tracer(|tracer| tracer.paused = true);
        let traces = show_traces(th);
        heap.with_tracer(|tracer| tracer.paused = false);
        traces
    }

    /// Return where an object was allocated, as _get_traces() shows it, or None if that is not known.
    #[function(sig = "(obj, /)")]
    fn _get_object_traceback(th: &Thread, obj: Borrowed<'_>) -> PyResult<Option<Owned<Tuple>>> {
        let address = obj.as_ptr() as usize - size_before(&obj.get().ty());
        let heap = &th.interp().heap;
        let find = |tracer: &mut krait_objects::memory::trace::Tracer| {
            tracer.find(OWN_DOMAIN, address).map(|trace| trace.place.clone())
        };
        match heap.with_tracer(find).flatten() {
            Some(place) => lines_of(th, &place).map(Some),
            None => Ok(None),
        }
    }

    /// Trace memory from here on, with that many frames of each traceback.
    #[function(sig = "(nframe=1, /)")]
    fn start(th: &Thread, nframe: i32) -> PyResult<()> {
        let Some(frames) = usize::try_from(nframe).ok().filter(|n| (1..=MOST_FRAMES).contains(n))
        else {
            let message = "the number of frames must be in range [1; 65535]";
            return Err(th.raise(exc::VALUE_ERROR, message));
        };
        if !th.interp().heap.is_tracing() {
            th.interp().start_tracing(frames);
        }
        Ok(())
    }

    /// Stop tracing, and forget all traces.
    #[function(sig = "()")]
    fn stop(th: &Thread) {
        th.interp().stop_tracing();
    }

    /// Return how many frames of a traceback are kept.
    #[function(sig = "()")]
    fn get_traceback_limit(th: &Thread) -> usize {
        th.interp().heap.trace_limit()
    }

    /// Return how many bytes the traces themselves take.
    #[function(sig = "()")]
    fn get_tracemalloc_memory(th: &Thread) -> usize {
        th.interp().heap.with_tracer(|tracer| tracer.own_bytes()).unwrap_or(0)
    }

    /// Return how many bytes are allocated in traced blocks, now and at the most.
    #[function(sig = "()")]
    fn get_traced_memory(th: &Thread) -> PyResult<Owned<Tuple>> {
        let (now, peak) = th.interp().heap.with_tracer(|tracer| tracer.traced()).unwrap_or((0, 0));
        Tuple::pack(th, [int(th, now)?, int(th, peak)?])
    }

    /// Let the most bytes that were allocated be those of now.
    #[function(sig = "()")]
    fn reset_peak(th: &Thread) {
        th.interp().heap.with_tracer(|tracer| tracer.reset_peak());
    }
}
