//! `_lsprof`: what `cProfile` is made of. It counts and times calls that `sys.monitoring` tells it of.
//!
//! The same job as CPython's `Modules/_lsprof.c`.
//!
//! Invariants: 1. no Python code runs while `entries` or `calls` is borrowed; 2. a key is the address of a code object that
//! its entry keeps, or of a definition in C, which lives as long as the process.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::CStr;

use krait_eval::sys;
use krait_objects::cfunction::CFunction;
use krait_objects::descr::MethodDescriptor;
use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use crate::late::Late;

/// The number of profilers among the tools of `sys.monitoring`.
const TOOL: i64 = 2;

/// Which of our methods is told of which events, by their bits.
const CALLBACKS: [(&str, i64); 9] = [
    ("_pystart_callback", 0),
    ("_pystart_callback", 1),
    ("_pythrow_callback", 14),
    ("_pyreturn_callback", 2),
    ("_pyreturn_callback", 3),
    ("_pyreturn_callback", 13),
    ("_ccall_callback", 4),
    ("_creturn_callback", 16),
    ("_creturn_callback", 17),
];

/// How often something was called, and how long it took.
#[derive(Default, Clone, Copy)]
struct Count {
    total: i64,
    /// Without what it called.
    inline: i64,
    calls: i64,
    recursive: i64,
    /// How many calls of it are running.
    level: i64,
}

impl Count {
    fn stop(&mut self, total: i64, inline: i64) {
        self.level -= 1;
        match self.level {
            0 => self.total += total,
            _ => self.recursive += 1,
        }
        self.inline += inline;
        self.calls += 1;
    }
}

/// Something that was called: a code object, or the text for a function in C.
struct Entry {
    object: Owned,
    count: Count,
    /// What it called, by its key.
    callees: BTreeMap<usize, Count>,
}

/// A call that is running.
struct Call {
    key: usize,
    start: i64,
    /// How long what it called took.
    within: i64,
}

/// Build a profiler, which takes the time from a function.
///
/// Without one a clock of the system is read. A function that returns integers may come with timeunit,
/// the seconds that each unit is.
#[pytype(
    name = "_lsprof.Profiler",
    new = "(timer=None, timeunit=0.0, subcalls=True, builtins=True)",
    flags(BASETYPE, HAVE_GC, IMMUTABLETYPE)
)]
#[repr(C)]
pub struct Profiler {
    head: Head,
    #[visit]
    timer: Slot,
    unit: Cell<f64>,
    subcalls: Cell<bool>,
    builtins: Cell<bool>,
    enabled: Cell<bool>,
    in_timer: Cell<bool>,
    entries: Late<RefCell<BTreeMap<usize, Entry>>>,
    calls: Late<RefCell<Vec<Call>>>,
}

macro_rules! fields {
    ($($name:literal $doc:literal),*) => { [$(Field { name: $name, doc: $doc }),*] };
}

static ENTRY: [Field; 6] = fields! {
    "code" "code object or text for what was called", "callcount" "how many times it was called",
    "reccallcount" "how many times by itself", "totaltime" "seconds in it",
    "inlinetime" "seconds in it, but not in what it called", "calls" "what it called"
};
static SUBENTRY: [Field; 5] = fields! {
    "code" "code object or text for what was called", "callcount" "how many times from there",
    "reccallcount" "how many times by itself", "totaltime" "seconds in it from there",
    "inlinetime" "seconds in it, but not in what it called"
};

fn entry_type(th: &Thread) -> PyResult<Owned<Type>> {
    StructSequence::new_type(th, "_lsprof.profiler_entry", "", &ENTRY, ENTRY.len())
}

fn subentry_type(th: &Thread) -> PyResult<Owned<Type>> {
    StructSequence::new_type(th, "_lsprof.profiler_subentry", "", &SUBENTRY, SUBENTRY.len())
}

/// A method of `sys.monitoring`.
fn monitoring(th: &Thread, name: &str, args: &[Borrowed<'_>]) -> PyResult {
    let module = sys::get(th, Str::interned(th, "monitoring")?.borrow())?;
    let module = module.ok_or_else(|| th.raise(exc::RUNTIME_ERROR, "lost sys.monitoring"))?;
    call::call_method(th, module.borrow(), Str::interned(th, name)?.borrow(), args)
}

fn int(th: &Thread, value: i64) -> PyResult {
    Int::from_i64(th, value).map(Owned::into_object)
}

/// The text that stands for a function in C, so that its object need not be kept.
fn describe(th: &Thread, function: &CFunction) -> PyResult {
    // SAFETY: (2): a terminated name.
    let name = unsafe { CStr::from_ptr(function.def().ml_name) }.to_string_lossy();
    let text = match function.receiver().filter(|ob| ob.downcast::<Module>().is_none()) {
        Some(receiver) => return describe_method(th, receiver, &name),
        None => match function.module().and_then(|module| module.downcast::<Str>()) {
            Some(module) => format!("<built-in method {}.{name}>", module.to_string_lossy()),
            None => format!("<built-in method {name}>"),
        },
    };
    Str::new(th, &text).map(Owned::into_object)
}

fn describe_method(th: &Thread, receiver: Borrowed<'_>, name: &str) -> PyResult {
    if let Some(method) = receiver.ty().lookup(th, Str::interned(th, name)?.borrow()) {
        match object::repr(th, method.borrow()) {
            Ok(text) => return Ok(text.into_object()),
            Err(raised) => drop(th.take_raised(raised)),
        }
    }
    Str::new(th, &format!("<built-in method {name}>")).map(Owned::into_object)
}

impl Profiler {
    fn refuse_in_timer(&self, th: &Thread, what: &str) -> PyResult<()> {
        if self.in_timer.get() {
            return Err(raise!(th, RUNTIME_ERROR, "cannot {what} profiler in external timer"));
        }
        Ok(())
    }

    /// The time, in nanoseconds or units of the caller's.
    fn now(&self, th: &Thread) -> i64 {
        let Some(timer) = self.timer.get_owned() else {
            let mut spec = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: a writable place.
            unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut spec) };
            return spec.tv_sec * 1_000_000_000 + spec.tv_nsec;
        };
        self.in_timer.set(true);
        let result = call::call(th, timer.borrow(), &[]);
        self.in_timer.set(false);
        let result = result.and_then(|time| {
            if self.unit.get() > 0.0 {
                return number::index(th, time.borrow())?.to_i64().ok_or_else(|| {
                    th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long long")
                });
            }
            if number::is_index(time.borrow()) || time.borrow().downcast::<Float>().is_some() {
                return Ok((number::as_f64(th, time.borrow())? * 1e9).floor() as i64);
            }
            let found = time.type_name();
            Err(raise!(
                th,
                TYPE_ERROR,
                "'{found}' object cannot be interpreted as an integer or float"
            ))
        });
        result.unwrap_or_else(|_| {
            let shown = object::repr(th, timer.borrow()).map(|text| text.to_string_lossy());
            let shown = shown.unwrap_or_default();
            let what = format!("Exception ignored while calling _lsprof timer {shown}");
            sys::hooks::unraisable(th, None, &what);
            0
        })
    }

    /// A call begins. `object` tells what of, the first time.
    fn enter(&self, th: &Thread, key: usize, object: impl FnOnce() -> PyResult) -> PyResult<()> {
        if !self.entries.borrow().contains_key(&key) {
            let entry =
                Entry { object: object()?, count: Count::default(), callees: BTreeMap::new() };
            self.entries.borrow_mut().insert(key, entry);
        }
        if let Some(entry) = self.entries.borrow_mut().get_mut(&key) {
            entry.count.level += 1;
        }
        let caller = self.calls.borrow().last().map(|call| call.key);
        if let (true, Some(caller)) = (self.subcalls.get(), caller)
            && let Some(entry) = self.entries.borrow_mut().get_mut(&caller)
        {
            entry.callees.entry(key).or_default().level += 1;
        }
        // The clock is read last, and by a call that is there already: the timer may end the profile.
        self.calls.borrow_mut().push(Call { key, start: 0, within: 0 });
        let depth = self.calls.borrow().len();
        let start = self.now(th);
        if let Some(call) = self.calls.borrow_mut().get_mut(depth - 1) {
            call.start = start;
        }
        Ok(())
    }

    /// The innermost call ends.
    fn stop(&self, now: i64, key: usize) {
        let mut calls = self.calls.borrow_mut();
        let Some(call) = calls.pop() else { return };
        let total = now.wrapping_sub(call.start);
        let inline = total.wrapping_sub(call.within);
        let mut entries = self.entries.borrow_mut();
        if let Some(entry) = entries.get_mut(&key) {
            entry.count.stop(total, inline);
        }
        let Some(caller) = calls.last_mut() else { return };
        caller.within = caller.within.wrapping_add(total);
        let callees = entries.get_mut(&caller.key).map(|entry| &mut entry.callees);
        if let Some(count) = callees.and_then(|callees| callees.get_mut(&key))
            && self.subcalls.get()
        {
            count.stop(total, inline);
        }
    }

    fn leave(&self, th: &Thread, key: usize) {
        if self.calls.borrow().is_empty() {
            return;
        }
        if self.entries.borrow().contains_key(&key) {
            let now = self.now(th);
            self.stop(now, key);
        } else {
            self.calls.borrow_mut().pop();
        }
    }

    /// The function in C that a call is of: its key, and the text that stands for it.
    fn with_function<T>(
        th: &Thread,
        callable: Borrowed<'_>,
        receiver: Borrowed<'_>,
        body: impl FnOnce(usize, &dyn Fn() -> PyResult) -> PyResult<T>,
    ) -> PyResult<Option<T>> {
        if let Some(function) = callable.downcast::<CFunction>() {
            let text = || describe(th, function.get());
            return body(function.def_ptr() as usize, &text).map(Some);
        }
        let Some(method) = callable.downcast_exact::<MethodDescriptor>() else { return Ok(None) };
        if !receiver.ty().is_subtype(&method.owner_type()) {
            return Ok(None);
        }
        // SAFETY: (2): a terminated name.
        let name = unsafe { CStr::from_ptr(method.def().ml_name) }.to_string_lossy();
        let text = || describe_method(th, receiver, &name);
        body(std::ptr::from_ref(method.def()) as usize, &text).map(Some)
    }

    fn listen(this: Borrowed<'_, Self>, th: &Thread, on: bool) -> PyResult<()> {
        let tool = int(th, TOOL)?;
        let mut all = 0;
        for (name, bit) in CALLBACKS {
            let event = int(th, 1 << bit)?;
            let callback = match on {
                true => object::get_attr(th, this.object(), Str::interned(th, name)?.borrow())?,
                false => none().to_owned(),
            };
            let args = [tool.borrow(), event.borrow(), callback.borrow()];
            monitoring(th, "register_callback", &args)?;
            all |= if on { 1 << bit } else { 0 };
        }
        monitoring(th, "set_events", &[tool.borrow(), int(th, all)?.borrow()]).map(drop)
    }

    fn counted(&self, th: &Thread, object: Owned, count: &Count, more: Option<Owned>) -> PyResult {
        let unit = if self.timer.get().is_none() || self.unit.get() == 0.0 {
            1e-9
        } else {
            self.unit.get()
        };
        let mut values = vec![object, int(th, count.calls)?, int(th, count.recursive)?];
        for time in [count.total, count.inline] {
            values.push(Float::new(th, time as f64 * unit)?.into_object());
        }
        let ty = if more.is_some() { entry_type(th)? } else { subentry_type(th)? };
        values.extend(more);
        StructSequence::new(th, ty.borrow(), values).map(Owned::into_object)
    }
}

#[pymethods]
impl Profiler {
    #[init(sig = "(timer=None, timeunit=0.0, subcalls=True, builtins=True)")]
    fn init(
        &self,
        timer: Option<Borrowed<'_>>,
        timeunit: f64,
        subcalls: bool,
        builtins: bool,
    ) -> PyResult<()> {
        drop(self.timer.replace(timer.map(Borrowed::to_owned)));
        self.unit.set(timeunit);
        self.subcalls.set(subcalls);
        self.builtins.set(builtins);
        Ok(())
    }

    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Profiler>> {
        cls.alloc::<Profiler>(th, 0)
    }

    /// Start collecting.
    ///
    /// subcalls says whether to count for each function what it calls, builtins whether to count functions in C.
    #[method(sig = "(self, /, subcalls=True, builtins=True)")]
    fn enable(
        this: Borrowed<'_, Self>,
        th: &Thread,
        subcalls: bool,
        builtins: bool,
    ) -> PyResult<()> {
        this.subcalls.set(subcalls);
        this.builtins.set(builtins);
        let (tool, name) = (int(th, TOOL)?, Str::interned(th, "cProfile")?);
        monitoring(th, "use_tool_id", &[tool.borrow(), name.object()])?;
        Profiler::listen(this, th, true)?;
        this.enabled.set(true);
        Ok(())
    }

    /// Stop collecting.
    #[method(sig = "(self, /)")]
    fn disable(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
        this.refuse_in_timer(th, "disable")?;
        if this.enabled.get() {
            Profiler::listen(this, th, false)?;
            monitoring(th, "free_tool_id", &[int(th, TOOL)?.borrow()])?;
            this.enabled.set(false);
            // What is still running ends here.
            let mut key = this.calls.borrow().last().map(|call| call.key);
            while let Some(ending) = key {
                let now = this.now(th);
                this.stop(now, ending);
                key = this.calls.borrow().last().map(|call| call.key);
            }
        }
        Ok(())
    }

    /// Forget what was collected.
    #[method(sig = "(self, /)")]
    fn clear(&self, th: &Thread) -> PyResult<()> {
        self.refuse_in_timer(th, "clear")?;
        let (entries, calls) = (self.entries.take(), self.calls.take());
        drop((entries, calls));
        Ok(())
    }

    /// Return a list of profiler_entry objects, one for each function that was called.
    ///
    /// What a function called is a list of profiler_subentry objects, or None.
    #[method(sig = "(self, /)", with_class)]
    fn getstats(&self, th: &Thread) -> PyResult<Owned<List>> {
        let mut rows = Vec::new();
        for entry in self.entries.borrow().values().filter(|entry| entry.count.calls != 0) {
            let callees: Vec<_> = entry.callees.iter().map(|(&key, &count)| (key, count)).collect();
            rows.push((entry.object.clone(), entry.count, callees));
        }
        let stats = List::new(th)?;
        for (object, count, callees) in rows {
            let mut calls = none().to_owned();
            if !callees.is_empty() {
                let list = List::new(th)?;
                for (key, count) in callees.iter().filter(|(_, count)| count.calls != 0) {
                    let callee = self.entries.borrow().get(key).map(|entry| entry.object.clone());
                    if let Some(callee) = callee {
                        list.push(th, self.counted(th, callee, count, None)?)?;
                    }
                }
                calls = list.into_object();
            }
            stats.push(th, self.counted(th, object, &count, Some(calls))?)?;
        }
        Ok(stats)
    }

    #[method(sig = "(self, code, instruction_offset, /)")]
    fn _pystart_callback(
        &self,
        th: &Thread,
        code: Borrowed<'_>,
        instruction_offset: Borrowed<'_>,
    ) -> PyResult<()> {
        let _ = instruction_offset;
        self.enter(th, code.as_ptr() as usize, || Ok(code.to_owned()))
    }

    #[method(sig = "(self, code, instruction_offset, exception, /)")]
    fn _pythrow_callback(
        &self,
        th: &Thread,
        code: Borrowed<'_>,
        instruction_offset: Borrowed<'_>,
        exception: Borrowed<'_>,
    ) -> PyResult<()> {
        let _ = exception;
        self._pystart_callback(th, code, instruction_offset)
    }

    #[method(sig = "(self, code, instruction_offset, retval, /)")]
    fn _pyreturn_callback(
        &self,
        th: &Thread,
        code: Borrowed<'_>,
        instruction_offset: Borrowed<'_>,
        retval: Borrowed<'_>,
    ) {
        let _ = (instruction_offset, retval);
        self.leave(th, code.as_ptr() as usize);
    }

    #[method(sig = "(self, code, instruction_offset, callable, self_arg, /)")]
    fn _ccall_callback(
        &self,
        th: &Thread,
        code: Borrowed<'_>,
        instruction_offset: Borrowed<'_>,
        callable: Borrowed<'_>,
        self_arg: Borrowed<'_>,
    ) -> PyResult<()> {
        let _ = (code, instruction_offset);
        if self.builtins.get() {
            let enter = |key, text: &dyn Fn() -> PyResult| self.enter(th, key, text);
            Profiler::with_function(th, callable, self_arg, enter)?;
        }
        Ok(())
    }

    #[method(sig = "(self, code, instruction_offset, callable, self_arg, /)")]
    fn _creturn_callback(
        &self,
        th: &Thread,
        code: Borrowed<'_>,
        instruction_offset: Borrowed<'_>,
        callable: Borrowed<'_>,
        self_arg: Borrowed<'_>,
    ) -> PyResult<()> {
        let _ = (code, instruction_offset);
        if self.builtins.get() {
            Profiler::with_function(th, callable, self_arg, |key, _| {
                self.leave(th, key);
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// Counts and times the calls of a program.
#[pymodule(name = "_lsprof")]
pub struct Lsprof;

#[pyfunctions]
impl Lsprof {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add(th, "profiler_entry", entry_type(th)?.object())?;
        module.add(th, "profiler_subentry", subentry_type(th)?.object())?;
        module.add_type(th, Profiler::type_object())
    }
}
