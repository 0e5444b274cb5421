//! `gc`: the interface to the cyclic collector.
//!
//! The same job as CPython's `Modules/gcmodule.c`.

use krait_abi as abi;
use krait_objects::gc::{self, Collector, GENERATIONS, Reason};
use krait_objects::prelude::*;

/// Control of the collector that frees objects which only refer to each other.
///
/// enable(), disable(), isenabled() -- Whether it runs by itself.
/// collect() -- Run it now.
/// get_count(), get_stats() -- How far it is, and what it has done so far.
/// set_threshold(), get_threshold() -- How often it runs.
/// set_debug(), get_debug() -- What it reports and keeps.
/// get_objects() -- The objects it looks after.
/// is_tracked(), is_finalized() -- Whether it looks after an object; whether it has finalized it.
/// get_referrers(), get_referents() -- Who refers to an object; what an object refers to.
/// freeze(), unfreeze(), get_freeze_count() -- Objects that it leaves alone.
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

    /// Let the collector run by itself.
    #[function(sig = "()")]
    fn enable(th: &Thread) {
        collector(th).enabled.set(true);
    }

    /// Keep the collector from running by itself; collect() still works.
    #[function(sig = "()")]
    fn disable(th: &Thread) {
        collector(th).enabled.set(false);
    }

    /// Whether the collector runs by itself.
    #[function(sig = "()")]
    fn isenabled(th: &Thread) -> bool {
        collector(th).enabled.get()
    }

    /// Collect garbage now.
    ///
    /// Without arguments, a full collection; `generation` limits it to a generation and the younger
    /// ones. A ValueError is raised if there is no such generation.
    ///
    /// Returns how many objects nothing could reach.
    #[function(sig = "(generation=2)")]
    fn collect(th: &Thread, generation: i32) -> PyResult<usize> {
        match usize::try_from(generation) {
            Ok(generation) if generation < GENERATIONS => {
                Ok(gc::collect(th, generation, Reason::Manual))
            }
            _ => Err(th.raise(exc::VALUE_ERROR, "invalid generation")),
        }
    }

    /// Choose what the collector tells on sys.stderr, and what it keeps.
    ///
    ///   flags
    ///     Any of these, combined with |; 0 for nothing:
    ///       DEBUG_STATS - Figures of each collection.
    ///       DEBUG_COLLECTABLE - The garbage that can be freed.
    ///       DEBUG_UNCOLLECTABLE - The garbage that cannot.
    ///       DEBUG_SAVEALL - Garbage is put into gc.garbage instead of being freed.
    ///       DEBUG_LEAK - All of the above except DEBUG_STATS.
    #[function(sig = "(flags, /)")]
    fn set_debug(th: &Thread, flags: i32) {
        collector(th).debug.set(flags);
    }

    /// The flags that set_debug() was given last.
    #[function(sig = "()")]
    fn get_debug(th: &Thread) -> i32 {
        collector(th).debug.get()
    }

    /// set_threshold(threshold0, [threshold1, [threshold2]])
    /// Set how often the collector runs; with a threshold0 of zero, never by itself.
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

    /// How often the collector runs: a tuple of three numbers, as set_threshold() takes them.
    #[function(sig = "()")]
    fn get_threshold(th: &Thread) -> (i32, i32, i32) {
        let [first, second, third] = &collector(th).threshold;
        (first.get(), second.get(), third.get())
    }

    /// What each generation has counted towards its next collection: a tuple of three.
    #[function(sig = "()")]
    fn get_count(th: &Thread) -> (i32, i32, i32) {
        let [first, second, third] = &collector(th).count;
        (first.get(), second.get(), third.get())
    }

    /// What has been done so far: a list with a dict of figures for each generation.
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

    /// The objects that the collector looks after, in a list that is not one of them.
    ///
    ///   generation
    ///     Only the objects of this generation; None for all.
    #[function(sig = "(generation=None)")]
    fn get_objects(th: &Thread, generation: Option<Borrowed<'_>>) -> PyResult<Owned<List>> {
        let Some(generation) = generation.filter(|generation| !generation.is_none()) else {
            audit!(th, "gc.get_objects", -1)?;
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
        audit!(th, "gc.get_objects", generation)?;
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

    /// Find the objects that hold a reference to one of the arguments: a list.
    #[function(sig = "(*objs)")]
    fn get_referrers(th: &Thread, objs: &[Borrowed<'_>]) -> PyResult<Owned<List>> {
        audit!(th, "gc.get_referrers", Tuple::from_slice(th, objs))?;
        list(th, collector(th).referrers(objs, None))
    }

    /// Find the objects that the arguments themselves hold references to: a list.
    #[function(sig = "(*objs)")]
    fn get_referents(th: &Thread, objs: &[Borrowed<'_>]) -> PyResult<Owned<List>> {
        audit!(th, "gc.get_referents", Tuple::from_slice(th, objs))?;
        list(th, objs.iter().flat_map(|&ob| gc::referents(ob)).collect())
    }

    /// Whether the collector looks after an object.
    ///
    /// Numbers, strings and other objects that cannot be part of a cycle need not be looked after.
    #[function(sig = "(obj, /)")]
    fn is_tracked(obj: Borrowed<'_>) -> bool {
        // A static type needs no header; the reference makes most of its modules' types at run time.
        gc::is_tracked(obj)
            || obj.downcast::<Type>().is_some_and(|ty| ty.get().passes_for_heap_type())
    }

    /// Whether the collector has called the finalizer of an object before.
    #[function(sig = "(obj, /)")]
    fn is_finalized(obj: Borrowed<'_>) -> bool {
        // SAFETY: a live object, which has a header if it is collected.
        unsafe { gc::is_gc_object(obj.as_ptr()) && gc::is_finalized(obj.as_ptr()) }
    }

    /// Set all present objects aside: no collection looks at them any more.
    ///
    /// What is set aside before a fork() stays in memory that parent and child share: no collection writes
    /// to it. Better do not collect just before: pages that this frees are used anew, and copied then.
    #[function(sig = "()")]
    fn freeze(th: &Thread) {
        collector(th).freeze();
    }

    /// Undo freeze(): the objects set aside join the oldest generation.
    #[function(sig = "()")]
    fn unfreeze(th: &Thread) {
        collector(th).unfreeze();
    }

    /// How many objects freeze() has set aside.
    #[function(sig = "()")]
    fn get_freeze_count(th: &Thread) -> usize {
        collector(th).frozen()
    }
}
