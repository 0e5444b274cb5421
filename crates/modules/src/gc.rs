//! `gc`: the interface to the cyclic collector.
//!
//! The same job as CPython's `Modules/gcmodule.c`.

use krait_abi as abi;
use krait_objects::gc::{self, Collector, GENERATIONS, Reason};
use krait_objects::prelude::*;

/// This module provides access to the garbage collector for reference cycles.
///
/// enable() -- Enable automatic garbage collection.
/// disable() -- Disable automatic garbage collection.
/// isenabled() -- Returns true if automatic collection is enabled.
/// collect() -- Do a full collection right now.
/// get_count() -- Return the current collection counts.
/// get_stats() -- Return list of dictionaries containing per-generation stats.
/// set_debug() -- Set debugging flags.
/// get_debug() -- Get debugging flags.
/// set_threshold() -- Set the collection thresholds.
/// get_threshold() -- Return the current collection thresholds.
/// get_objects() -- Return a list of all objects tracked by the collector.
/// is_tracked() -- Returns true if a given object is tracked.
/// is_finalized() -- Returns true if a given object has been already finalized.
/// get_referrers() -- Return the list of objects that refer to an object.
/// get_referents() -- Return the list of objects that an object refers to.
/// freeze() -- Freeze all tracked objects and ignore them for future collections.
/// unfreeze() -- Unfreeze all objects in the permanent generation.
/// get_freeze_count() -- Return the number of objects in the permanent generation.
#[pymodule(name = "gc")]
pub struct Gc;

fn collector(th: &Thread) -> &Collector {
    &th.interp().gc
}

fn list(th: &Thread, objects: Vec<Owned>) -> PyResult<Owned<List>> {
    List::from_vec(th, objects)
}

#[pyfunctions]
impl Gc {
    #[constant]
    const DEBUG_STATS: i32 = abi::_PyGC_DEBUG_STATS;
    #[constant]
    const DEBUG_COLLECTABLE: i32 = abi::_PyGC_DEBUG_COLLECTABLE;
    #[constant]
    const DEBUG_UNCOLLECTABLE: i32 = abi::_PyGC_DEBUG_UNCOLLECTABLE;
    #[constant]
    const DEBUG_SAVEALL: i32 = abi::_PyGC_DEBUG_SAVEALL;
    #[constant]
    const DEBUG_LEAK: i32 = abi::_PyGC_DEBUG_LEAK;

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add(th, "garbage", collector(th).garbage(th)?.object())?;
        module.add(th, "callbacks", collector(th).callbacks(th)?.object())
    }

    /// Enable automatic garbage collection.
    #[function(sig = "()")]
    fn enable(th: &Thread) {
        collector(th).enabled.set(true);
    }

    /// Disable automatic garbage collection.
    #[function(sig = "()")]
    fn disable(th: &Thread) {
        collector(th).enabled.set(false);
    }

    /// Returns true if automatic garbage collection is enabled.
    #[function(sig = "()")]
    fn isenabled(th: &Thread) -> bool {
        collector(th).enabled.get()
    }

    /// Run the garbage collector.
    ///
    /// Without arguments, a full collection; `generation` limits it to a generation and the younger
    /// ones. A ValueError is raised if there is no such generation.
    ///
    /// The number of unreachable objects is returned.
    #[function(sig = "(generation=2)")]
    fn collect(th: &Thread, generation: i32) -> PyResult<usize> {
        match usize::try_from(generation) {
            Ok(generation) if generation < GENERATIONS => {
                Ok(gc::collect(th, generation, Reason::Manual))
            }
            _ => Err(th.raise(exc::VALUE_ERROR, "invalid generation")),
        }
    }

    /// Set the garbage collection debugging flags.
    ///
    ///   flags
    ///     An integer that can have the following bits turned on:
    ///       DEBUG_STATS - Print statistics during collection.
    ///       DEBUG_COLLECTABLE - Print collectable objects found.
    ///       DEBUG_UNCOLLECTABLE - Print unreachable but uncollectable objects
    ///         found.
    ///       DEBUG_SAVEALL - Save objects to gc.garbage rather than freeing them.
    ///       DEBUG_LEAK - Debug leaking programs (everything but STATS).
    ///
    /// Debugging information is written to sys.stderr.
    #[function(sig = "(flags, /)")]
    fn set_debug(th: &Thread, flags: i32) {
        collector(th).debug.set(flags);
    }

    /// Get the garbage collection debugging flags.
    #[function(sig = "()")]
    fn get_debug(th: &Thread) -> i32 {
        collector(th).debug.get()
    }

    /// set_threshold(threshold0, [threshold1, [threshold2]])
    /// Set the collection thresholds (the collection frequency).
    ///
    /// Setting 'threshold0' to zero disables collection.
    #[function(sig = "(*args)", no_text)]
    fn set_threshold(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<()> {
        if !(1..=GENERATIONS).contains(&args.len()) {
            return Err(th.raise(exc::TYPE_ERROR, "gc.set_threshold requires 1 to 3 arguments"));
        }
        for (threshold, value) in collector(th).threshold.iter().zip(args) {
            let value = number::index(th, *value)?;
            let value = value.to_i64().ok_or_else(|| {
                th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long")
            })?;
            let value = i32::try_from(value).map_err(|_| {
                let which = if value < 0 { "less than minimum" } else { "greater than maximum" };
                raise!(th, OVERFLOW_ERROR, "signed integer is {which}")
            })?;
            threshold.set(value);
        }
        Ok(())
    }

    /// Return the current collection thresholds.
    #[function(sig = "()")]
    fn get_threshold(th: &Thread) -> (i32, i32, i32) {
        let [first, second, third] = &collector(th).threshold;
        (first.get(), second.get(), third.get())
    }

    /// Return a three-tuple of the current collection counts.
    #[function(sig = "()")]
    fn get_count(th: &Thread) -> (i32, i32, i32) {
        let [first, second, third] = &collector(th).count;
        (first.get(), second.get(), third.get())
    }

    /// Return a list of dictionaries containing per-generation statistics.
    #[function(sig = "()")]
    fn get_stats(th: &Thread) -> PyResult<Owned<List>> {
        let mut all = Vec::with_capacity(GENERATIONS);
        for stats in &collector(th).stats {
            let dict = Dict::new(th)?;
            for (name, value) in [
                ("collections", &stats.collections),
                ("collected", &stats.collected),
                ("uncollectable", &stats.uncollectable),
            ] {
                let value = Int::from_usize(th, value.get())?;
                dict.set_str(th, Str::interned(th, name)?.borrow(), value.object())?;
            }
            all.push(dict.into_object());
        }
        list(th, all)
    }

    /// Return a list of objects tracked by the collector (excluding the list returned).
    ///
    ///   generation
    ///     Generation to extract the objects from.
    ///
    /// If generation is not None, return only the objects tracked by the
    /// collector that are in that generation.
    #[function(sig = "(generation=None)")]
    fn get_objects(th: &Thread, generation: Option<Borrowed<'_>>) -> PyResult<Owned<List>> {
        let Some(generation) = generation.filter(|generation| !generation.is_none()) else {
            return list(th, collector(th).objects(None));
        };
        if !number::is_index(generation) {
            let found = generation.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "argument should be integer or None, not '{found}'"
            ));
        }
        let generation = number::as_isize(th, generation, Some(exc::OVERFLOW_ERROR))?;
        match usize::try_from(generation) {
            Ok(generation) if generation < GENERATIONS => {
                list(th, collector(th).objects(Some(generation)))
            }
            Ok(_) => Err(raise!(
                th,
                VALUE_ERROR,
                "generation parameter must be less than the number of available generations ({GENERATIONS})"
            )),
            // A negative number other than the reference's own mark for "all" is refused.
            Err(_) if generation == -1 => list(th, collector(th).objects(None)),
            Err(_) => Err(th.raise(exc::VALUE_ERROR, "generation parameter cannot be negative")),
        }
    }

    /// Return the list of objects that directly refer to any of 'objs'.
    #[function(sig = "(*objs)")]
    fn get_referrers(th: &Thread, objs: &[Borrowed<'_>]) -> PyResult<Owned<List>> {
        list(th, collector(th).referrers(objs, None))
    }

    /// Return the list of objects that are directly referred to by 'objs'.
    #[function(sig = "(*objs)")]
    fn get_referents(th: &Thread, objs: &[Borrowed<'_>]) -> PyResult<Owned<List>> {
        list(th, objs.iter().flat_map(|&ob| gc::referents(ob)).collect())
    }

    /// Returns true if the object is tracked by the garbage collector.
    ///
    /// Simple atomic objects will return false.
    #[function(sig = "(obj, /)")]
    fn is_tracked(obj: Borrowed<'_>) -> bool {
        gc::is_tracked(obj)
    }

    /// Returns true if the object has been already finalized by the GC.
    #[function(sig = "(obj, /)")]
    fn is_finalized(obj: Borrowed<'_>) -> bool {
        // SAFETY: a live object, which has a header if it is collected.
        unsafe { gc::is_gc_object(obj.as_ptr()) && gc::is_finalized(obj.as_ptr()) }
    }

    /// Freeze all current tracked objects and ignore them for future collections.
    ///
    /// This can be used before a POSIX fork() call to make the gc copy-on-write
    /// friendly.
    /// Note: collection before a POSIX fork() call may free pages for future
    /// allocation which can cause copy-on-write.
    #[function(sig = "()")]
    fn freeze(th: &Thread) {
        collector(th).freeze();
    }

    /// Unfreeze all objects in the permanent generation.
    ///
    /// Put all objects in the permanent generation back into oldest generation.
    #[function(sig = "()")]
    fn unfreeze(th: &Thread) {
        collector(th).unfreeze();
    }

    /// Return the number of objects in the permanent generation.
    #[function(sig = "()")]
    fn get_freeze_count(th: &Thread) -> usize {
        collector(th).frozen()
    }
}
