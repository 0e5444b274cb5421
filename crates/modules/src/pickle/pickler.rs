//! `Pickler`, its memo as Python sees it, and one run of it.

use std::cell::{Cell, RefCell};
use std::ffi::c_int;

use krait_objects::cfunction::CFunction;
use krait_objects::gc::Visit;
use krait_objects::prelude::*;

use super::memo::PicklerMemo;
use super::opcodes::{DEFAULT_PROTOCOL, HIGHEST_PROTOCOL, PROTO, STOP};
use super::output::Output;
use super::save::Saver;
use super::{get_hook, pickling_error, set_hook, state};

/// A memo inside an object. Memory that starts as zeros holds none.
#[allow(clippy::box_collection)] // zeroed memory is a valid `None` only of a box
pub struct MemoCell(RefCell<Option<Box<PicklerMemo>>>);

impl MemoCell {
    pub(super) fn new() -> MemoCell {
        MemoCell(RefCell::new(None))
    }

    /// Does something with the memo that runs no Python code.
    #[inline]
    pub(super) fn with<R>(&self, action: impl FnOnce(&mut PicklerMemo) -> R) -> R {
        action(self.0.borrow_mut().get_or_insert_default())
    }

    /// Puts another memo in place; the old one is released last.
    fn replace(&self, memo: PicklerMemo) {
        let old = self.0.borrow_mut().replace(Box::new(memo));
        drop(old);
    }
}

impl Visit for MemoCell {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        let Ok(memo) = self.0.try_borrow() else {
            return 0;
        };
        for (ob, _) in memo.iter().flat_map(|memo| memo.entries()) {
            let stop = visitor.visit(Some(ob.borrow()));
            if stop != 0 {
                return stop;
            }
        }
        0
    }

    fn clear(&self) {
        let memo = self.0.borrow_mut().take();
        drop(memo);
    }
}

/// Pickles objects into a binary file.
///
/// The protocol says which version of the format is written: 0 to 5, by default 5, the highest one
/// if it is negative. The file needs a write() method that takes bytes. If fix_imports is true and
/// the protocol is less than 3, names of modules are written as Python 2 knows them. If
/// buffer_callback is not None, it is called with each buffer; if it answers something false, the
/// buffer is left out of the stream. That needs protocol 5.
#[pytype(
    name = "_pickle.Pickler",
    new = "(file, protocol=None, fix_imports=True, buffer_callback=None)",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct Pickler {
    head: Head,
    #[visit]
    memo: MemoCell,
    #[visit]
    write: Slot,
    /// What was assigned to the instance.
    #[visit]
    own_persistent_id: Slot,
    #[visit]
    #[member(kind = "OBJECT_EX")]
    dispatch_table: Slot,
    #[visit]
    buffer_callback: Slot,
    proto: Cell<i32>,
    #[member]
    bin: Cell<i32>,
    #[member]
    fast: Cell<i32>,
    fix_imports: Cell<bool>,
    running: Cell<bool>,
}

/// The version that a `protocol` argument asks for.
pub(super) fn protocol_of(th: &Thread, protocol: Option<Borrowed<'_>>) -> PyResult<i32> {
    let Some(protocol) = protocol.filter(|protocol| !protocol.is_none()) else {
        return Ok(DEFAULT_PROTOCOL);
    };
    let index = number::index(th, protocol)?;
    let Some(value) = index.to_i64().filter(|value| i32::try_from(*value).is_ok()) else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int"));
    };
    match value {
        ..0 => Ok(HIGHEST_PROTOCOL),
        value if value <= i64::from(HIGHEST_PROTOCOL) => Ok(value as i32),
        _ => Err(raise!(th, VALUE_ERROR, "pickle protocol must be <= {HIGHEST_PROTOCOL}")),
    }
}

/// The callback for buffers, which only the newest protocol can use.
pub(super) fn check_callback(
    th: &Thread,
    callback: Option<Borrowed<'_>>,
    protocol: i32,
) -> PyResult<Option<Owned>> {
    let callback = callback.filter(|callback| !callback.is_none());
    if callback.is_some() && protocol < 5 {
        return Err(th.raise(exc::VALUE_ERROR, "buffer_callback needs protocol >= 5"));
    }
    Ok(callback.map(Borrowed::to_owned))
}

/// The `write` method of a file.
pub(super) fn write_of(th: &Thread, file: Borrowed<'_>) -> PyResult {
    match object::get_attr_opt(th, file, id::write)? {
        Some(write) => Ok(write),
        None => Err(th.raise(exc::TYPE_ERROR, "file must have a 'write' attribute")),
    }
}

/// Writes a whole pickle.
pub(super) fn dump(saver: &mut Saver<'_>, ob: Borrowed<'_>) -> PyResult<()> {
    if saver.proto >= 2 {
        saver.out.put(&[PROTO, saver.proto as u8]);
    }
    saver.out.framing = saver.proto >= 4;
    saver.save(ob, true)?;
    saver.out.byte(STOP);
    saver.out.end_frame();
    saver.out.flush()
}

/// Ends the use of an object that may not be used by two at a time.
pub(super) struct Running<'a>(pub &'a Cell<bool>);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Pickler {
    fn check_unused<'a>(&'a self, th: &Thread) -> PyResult<Running<'a>> {
        if self.running.replace(true) {
            return Err(th.raise(exc::RUNTIME_ERROR, "Pickler object is already used"));
        }
        Ok(Running(&self.running))
    }

    /// A method that a subclass or an assignment put in place of this type's own.
    fn custom_persistent_id(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned>> {
        let found = object::get_attr_opt(th, this.object(), name(th, "persistent_id")?.borrow())?;
        Ok(found
            .filter(|found| !is_own_method(found.borrow(), this.object(), Pickler::type_object())))
    }
}

pub(super) fn name(th: &Thread, text: &str) -> PyResult<Owned<Str>> {
    Str::interned(th, text)
}

/// Whether a bound method is one that the C type itself has.
pub(super) fn is_own_method(method: Borrowed<'_>, of: Borrowed<'_>, ty: &'static Type) -> bool {
    let Some(function) = method.downcast_exact::<CFunction>() else {
        return false;
    };
    function.receiver().is_some_and(|receiver| receiver.is(of)) && {
        let methods = ty.raw().tp_methods;
        let mut at = methods;
        // SAFETY: a type's method table ends with an entry without a name.
        unsafe {
            while !at.is_null() && !(*at).ml_name.is_null() {
                if std::ptr::eq(at, function.def()) {
                    return true;
                }
                at = at.add(1);
            }
        }
        false
    }
}

#[pymethods(parts(methods))]
impl Pickler {
    #[init(sig = "(file, protocol=None, fix_imports=True, buffer_callback=None)")]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        file: Borrowed<'_>,
        protocol: Option<Borrowed<'_>>,
        fix_imports: bool,
        buffer_callback: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let _running = this.get().check_unused(th)?;
        let proto = protocol_of(th, protocol)?;
        let callback = check_callback(th, buffer_callback, proto)?;
        let write = write_of(th, file)?;
        this.memo.replace(PicklerMemo::default());
        this.proto.set(proto);
        this.bin.set(i32::from(proto > 0));
        this.fast.set(0);
        this.fix_imports.set(fix_imports && proto < 3);
        this.buffer_callback.set(callback);
        this.write.set(Some(write));
        let table = object::get_attr_opt(th, this.object(), name(th, "dispatch_table")?.borrow())?;
        this.dispatch_table.set(table);
        Ok(())
    }

    #[slot(tp_new)]
    fn new_empty(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Self>> {
        cls.alloc::<Self>(th, 0)
    }

    #[slot(tp_getattro)]
    fn getattro(this: Borrowed<'_, Self>, th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        get_hook(th, this.object(), name, ("persistent_id", &this.own_persistent_id))
    }

    #[slot(tp_setattro)]
    fn setattro(
        this: Borrowed<'_, Self>,
        th: &Thread,
        name: Borrowed<'_, Str>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        set_hook(th, this.object(), name, value, ("persistent_id", &this.own_persistent_id))
    }
}

#[pymethods(part = "methods")]
impl Pickler {
    /// Pickle an object into the file.
    #[method(sig = "(self, obj, /)", with_class)]
    fn dump(this: Borrowed<'_, Self>, th: &Thread, obj: Borrowed<'_>) -> PyResult<()> {
        let Some(write) = this.write.get_owned() else {
            let class = this.object().type_name().to_string();
            let message = format!("Pickler.__init__() was not called by {class}.__init__()");
            return Err(pickling_error(th, &message));
        };
        let this_ref = this.get();
        let _running = this_ref.check_unused(th)?;
        let reducer =
            object::get_attr_opt(th, this.object(), name(th, "reducer_override")?.borrow())?;
        let mut saver = Saver {
            th,
            state: state(th),
            proto: this.proto.get(),
            bin: this.bin.get() != 0,
            fast: this.fast.get() != 0,
            fix_imports: this.fix_imports.get(),
            memo: &this_ref.memo,
            out: Output::new(th, Some(write)),
            persistent_id: Pickler::custom_persistent_id(this, th)?,
            reducer_override: reducer,
            dispatch_table: this.dispatch_table.get_owned(),
            buffer_callback: this.buffer_callback.get_owned(),
            open: Vec::new(),
        };
        dump(&mut saver, obj)
    }

    /// Forget which objects were pickled already.
    ///
    /// They are written in full again instead of being referred to.
    #[method(sig = "(self, /)")]
    fn clear_memo(&self) {
        self.memo.replace(PicklerMemo::default());
    }

    /// Return how many bytes it takes in memory.
    #[method(sig = "(self, /)")]
    fn __sizeof__(&self, th: &Thread) -> usize {
        let _ = th;
        let entry = size_of::<(Owned, usize)>() + size_of::<u32>();
        Pickler::type_object().raw().tp_basicsize as usize
            + self.memo.with(|memo| memo.len()) * entry
    }

    #[method(sig = "(self, obj, /)")]
    fn persistent_id(&self, obj: Borrowed<'_>) {
        let _ = obj;
    }

    #[getter(name = "memo")]
    fn get_memo(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<MemoProxy>> {
        let class = Borrowed::from_ref(MemoProxy::type_object());
        let proxy = class.alloc::<MemoProxy>(th, 0)?;
        proxy.pickler.set(Some(this.to_owned()));
        Ok(proxy)
    }

    #[setter(name = "memo")]
    fn set_memo(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(value) = value else {
            return Err(th.raise(exc::TYPE_ERROR, "attribute deletion is not supported"));
        };
        let mut memo = PicklerMemo::default();
        if let Some(proxy) = value.downcast_exact::<MemoProxy>() {
            if let Some(pickler) = proxy.pickler.get_owned() {
                pickler.memo.with(|from| {
                    for (ob, number) in from.entries() {
                        memo.insert(ob.clone(), *number);
                    }
                });
            }
        } else if let Some(dict) = value.downcast::<Dict>() {
            let mut position = 0;
            while let Some((_, pair)) = dict.next(&mut position) {
                let pair = pair.borrow().downcast::<Tuple>();
                let Some(&[number, ob]) = pair.map(|pair| pair.get().as_slice()) else {
                    return Err(th.raise(exc::TYPE_ERROR, "'memo' values must be 2-item tuples"));
                };
                let number = number::index(th, number)?.to_i64().unwrap_or(-1);
                let number = usize::try_from(number).unwrap_or(usize::MAX);
                memo.insert(ob.to_owned(), number);
            }
        } else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "'memo' attribute must be a PicklerMemoProxy object or dict, not {}",
                value.type_name()
            ));
        }
        self.memo.replace(memo);
        Ok(())
    }
}

/// What `Pickler.memo` is.
#[pytype(name = "_pickle.PicklerMemoProxy", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct MemoProxy {
    head: Head,
    #[visit]
    pickler: Slot<Pickler>,
}

#[pymethods]
impl MemoProxy {
    /// Forget all objects.
    #[method(sig = "(self, /)")]
    fn clear(&self) {
        if let Some(pickler) = self.pickler.get_owned() {
            pickler.memo.replace(PicklerMemo::default());
        }
    }

    /// A dict with the contents of the memo.
    #[method(sig = "(self, /)")]
    fn copy(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        let dict = Dict::new(th)?;
        let Some(pickler) = self.pickler.get_owned() else {
            return Ok(dict);
        };
        let entries: Vec<(Owned, usize)> = pickler.memo.with(|memo| memo.entries().to_vec());
        for (ob, number) in entries {
            let key = Int::from_usize(th, ob.as_ptr() as usize)?;
            let value = Tuple::pack(th, [Int::from_usize(th, number)?.into_object(), ob])?;
            dict.set(th, key.object(), value.object())?;
        }
        Ok(dict)
    }

    /// For pickling: a dict with the contents of the memo.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        let copy = Tuple::pack(th, [self.copy(th)?.into_object()])?;
        let dict = Borrowed::from_ref(Dict::type_object()).object().to_owned();
        Tuple::pack(th, [dict, copy.into_object()])
    }
}
