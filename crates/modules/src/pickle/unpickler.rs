//! `Unpickler`, and its memo as Python sees it.

use std::cell::{Cell, RefCell};
use std::ffi::c_int;

use krait_objects::gc::Visit;
use krait_objects::prelude::*;

use super::input::{File, Input};
use super::load::Loader;
use super::memo::UnpicklerMemo;
use super::names::{dotted, follow};
use super::pickler::{Running, is_own_method, name};
use super::{get_hook, set_hook, state, unpickling_error};

/// A memo inside an object. Memory that starts as zeros holds none.
#[allow(clippy::box_collection)] // zeroed memory is a valid `None` only of a box
pub struct ReadMemoCell(RefCell<Option<Box<UnpicklerMemo>>>);

impl ReadMemoCell {
    pub(super) fn new() -> ReadMemoCell {
        ReadMemoCell(RefCell::new(None))
    }

    /// Does something with the memo that runs no Python code.
    #[inline]
    pub(super) fn with<R>(&self, action: impl FnOnce(&mut UnpicklerMemo) -> R) -> R {
        action(self.0.borrow_mut().get_or_insert_default())
    }

    fn replace(&self, memo: UnpicklerMemo) {
        let old = self.0.borrow_mut().replace(Box::new(memo));
        drop(old);
    }

    /// Number and object of each entry.
    fn entries(&self) -> Vec<(usize, Owned)> {
        self.with(|memo| memo.iter().map(|(number, ob)| (number, ob.clone())).collect())
    }
}

impl Visit for ReadMemoCell {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        let Ok(memo) = self.0.try_borrow() else {
            return 0;
        };
        for (_, ob) in memo.iter().flat_map(|memo| memo.iter()) {
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

/// This takes a binary file for reading a pickle data stream.
///
/// The file needs the methods read() and readline(), which give bytes. The protocol is found in
/// the stream. If fix_imports is true, names of modules as Python 2 knows them are understood;
/// encoding and errors say how its strings are decoded, "bytes" leaves them as bytes. What a
/// pickler left out of the stream is taken from buffers.
#[pytype(
    name = "_pickle.Unpickler",
    new = "(file, *, fix_imports=True, encoding='ASCII', errors='strict',\n          buffers=())",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct Unpickler {
    head: Head,
    #[visit]
    memo: ReadMemoCell,
    #[visit]
    peek: Slot,
    #[visit]
    read: Slot,
    #[visit]
    readline: Slot,
    #[visit]
    buffers: Slot,
    /// What was assigned to the instance.
    #[visit]
    own_persistent_load: Slot,
    #[visit]
    encoding: Slot<Str>,
    #[visit]
    errors: Slot<Str>,
    proto: Cell<i32>,
    fix_imports: Cell<bool>,
    running: Cell<bool>,
}

impl Unpickler {
    fn check_unused<'a>(&'a self, th: &Thread) -> PyResult<Running<'a>> {
        if self.running.replace(true) {
            return Err(th.raise(exc::RUNTIME_ERROR, "Unpickler object is already used"));
        }
        Ok(Running(&self.running))
    }

    /// A method that a subclass or an assignment put in place of this type's own.
    fn custom(this: Borrowed<'_, Self>, th: &Thread, method: &str) -> PyResult<Option<Owned>> {
        let found = object::get_attr_opt(th, this.object(), name(th, method)?.borrow())?;
        let own = Unpickler::type_object();
        Ok(found.filter(|found| !is_own_method(found.borrow(), this.object(), own)))
    }
}

/// The methods that a file is read by.
pub(super) fn file_of(th: &Thread, file: Borrowed<'_>) -> PyResult<File> {
    let get = |method| object::get_attr_opt(th, file, name(th, method)?.borrow());
    let peek = get("peek")?;
    match (get("read")?, get("readline")?) {
        (Some(read), Some(readline)) => Ok(File { peek, read, readline }),
        _ => {
            let message = "file must have 'read' and 'readline' attributes";
            Err(th.raise(exc::TYPE_ERROR, message))
        }
    }
}

/// An iterator over the buffers that were left out of a stream.
pub(super) fn buffers_of(th: &Thread, buffers: Option<Borrowed<'_>>) -> PyResult<Option<Owned>> {
    match buffers.filter(|buffers| !buffers.is_none()) {
        Some(buffers) => iter::get_iter(th, buffers).map(Some),
        None => Ok(None),
    }
}

/// The object that a name in a module stands for, in a stream of that protocol.
pub(super) fn find_class(
    th: &Thread,
    module: Borrowed<'_>,
    global: Borrowed<'_>,
    proto: i32,
    fix_imports: bool,
) -> PyResult {
    krait_eval::sys::audit::audit(th, "pickle.find_class", &[module, global])?;
    let (mut module, mut global) = (module.to_owned(), global.to_owned());
    if proto < 3 && fix_imports {
        let state = state(th);
        if let (Some(names), Some(modules)) =
            (state.new_names.get_owned(), state.new_modules.get_owned())
        {
            let pair = Tuple::pack(th, [module.clone(), global.clone()])?;
            if let Some(found) = names.get(th, pair.object())? {
                let found = found.borrow().downcast::<Tuple>().map(|pair| pair.get().as_slice());
                if let Some(&[new_module, new_global]) = found {
                    (module, global) = (new_module.to_owned(), new_global.to_owned());
                }
            } else if let Some(found) = modules.get(th, module.borrow())? {
                module = found;
            }
        }
    }
    let (Some(module), Some(global)) =
        (module.borrow().downcast::<Str>(), global.borrow().downcast::<Str>())
    else {
        return Err(th.raise(exc::TYPE_ERROR, "module name must be a string"));
    };
    let found = krait_eval::import::import_module(th, module)?;
    if proto < 4 {
        return object::get_attr(th, found.borrow(), global);
    }
    let path = dotted(th, &global)?;
    match follow(th, found, &path) {
        Err(raised) if path.len() > 1 && th.exception_matches(exc::ATTRIBUTE_ERROR) => {
            let cause = th.take_raised(raised);
            let (global, module) =
                (object::repr(th, global.object())?, object::repr(th, module.object())?);
            let raised =
                raise!(th, ATTRIBUTE_ERROR, "Can't resolve path {} on module {}", *global, *module);
            let exception = th.take_raised(raised);
            exception.set_context(Some(cause.into_object()));
            Err(th.set_exception(exception.into_object()))
        }
        result => result,
    }
}

#[pymethods(parts(methods))]
impl Unpickler {
    #[init(sig = "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())")]
    #[allow(clippy::too_many_arguments)] // the reference's signature
    fn init(
        &self,
        th: &Thread,
        file: Borrowed<'_>,
        fix_imports: bool,
        #[default(None)] encoding: Option<Borrowed<'_, Str>>,
        #[default(None)] errors: Option<Borrowed<'_, Str>>,
        #[default(None)] buffers: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let _running = self.check_unused(th)?;
        let file = file_of(th, file)?;
        let buffers = buffers_of(th, buffers)?;
        self.memo.replace(UnpicklerMemo::default());
        self.peek.set(file.peek);
        self.read.set(Some(file.read));
        self.readline.set(Some(file.readline));
        self.buffers.set(buffers);
        self.encoding.set(encoding.map(Borrowed::to_owned));
        self.errors.set(errors.map(Borrowed::to_owned));
        self.proto.set(0);
        self.fix_imports.set(fix_imports);
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
        get_hook(th, this.object(), name, ("persistent_load", &this.own_persistent_load))
    }

    #[slot(tp_setattro)]
    fn setattro(
        this: Borrowed<'_, Self>,
        th: &Thread,
        name: Borrowed<'_, Str>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        set_hook(th, this.object(), name, value, ("persistent_load", &this.own_persistent_load))
    }
}

#[pymethods(part = "methods")]
impl Unpickler {
    /// Load a pickle.
    ///
    /// Read a pickled object representation from the open file object given in the constructor,
    /// and return the object that it describes.
    #[method(sig = "(self, /)", with_class)]
    fn load(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let (Some(read), Some(readline)) = (this.read.get_owned(), this.readline.get_owned())
        else {
            let class = this.object().type_name().to_string();
            let message = format!("Unpickler.__init__() was not called by {class}.__init__()");
            return Err(unpickling_error(th, &message));
        };
        let this_ref = this.get();
        let _running = this_ref.check_unused(th)?;
        let peek = this.peek.get_owned();
        let file = File { peek, read, readline };
        let loader = Loader {
            th,
            state: state(th),
            input: Input::of_file(th, file),
            stack: Vec::new(),
            marks: Vec::new(),
            fence: 0,
            memo: &this_ref.memo,
            proto: 0,
            known_proto: Some(&this_ref.proto),
            fix_imports: this.fix_imports.get(),
            encoding: this.encoding.get_owned(),
            errors: this.errors.get_owned(),
            buffers: this.buffers.get_owned(),
            persistent_load: Unpickler::custom(this, th, "persistent_load")?,
            find_class: Unpickler::custom(this, th, "find_class")?,
        };
        loader.load()
    }

    /// Return an object from a specified module.
    ///
    /// If necessary, the module will be imported. Subclasses may override this method, for
    /// instance to restrict what a pickle can reach. It is called whenever a class or a function
    /// object is needed.
    #[method(sig = "(self, module_name, global_name, /)", with_class)]
    fn find_class(
        &self,
        th: &Thread,
        module_name: Borrowed<'_>,
        global_name: Borrowed<'_>,
    ) -> PyResult {
        find_class(th, module_name, global_name, self.proto.get(), self.fix_imports.get())
    }

    #[method(sig = "(self, pid, /)", with_class)]
    fn persistent_load(&self, th: &Thread, pid: Borrowed<'_>) -> PyResult {
        let _ = pid;
        Err(super::load::no_persistent_load(th))
    }

    /// Return how many bytes it takes in memory.
    #[method(sig = "(self, /)")]
    fn __sizeof__(&self) -> usize {
        let memo = self.memo.with(|memo| memo.len()) * size_of::<Owned>();
        Unpickler::type_object().raw().tp_basicsize as usize + memo
    }

    #[getter(name = "memo")]
    fn get_memo(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<ReadMemoProxy>> {
        let class = Borrowed::from_ref(ReadMemoProxy::type_object());
        let proxy = class.alloc::<ReadMemoProxy>(th, 0)?;
        proxy.unpickler.set(Some(this.to_owned()));
        Ok(proxy)
    }

    #[setter(name = "memo")]
    fn set_memo(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(value) = value else {
            return Err(th.raise(exc::TYPE_ERROR, "attribute deletion is not supported"));
        };
        let mut memo = UnpicklerMemo::default();
        if let Some(proxy) = value.downcast_exact::<ReadMemoProxy>() {
            let from = proxy.unpickler.get_owned();
            for (number, ob) in from.map_or_else(Vec::new, |from| from.memo.entries()) {
                drop(memo.set(number, ob));
            }
        } else if let Some(dict) = value.downcast::<Dict>() {
            let mut position = 0;
            while let Some((number, ob)) = dict.next(&mut position) {
                let Some(number) = number.borrow().downcast::<Int>() else {
                    return Err(th.raise(exc::TYPE_ERROR, "memo key must be integers"));
                };
                let number = number.to_i64().and_then(|number| usize::try_from(number).ok());
                let Some(number) = number else {
                    return Err(th.raise(exc::VALUE_ERROR, "memo key must be positive integers."));
                };
                drop(memo.set(number, ob));
            }
        } else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "'memo' attribute must be an UnpicklerMemoProxy object or dict, not {}",
                value.type_name()
            ));
        }
        self.memo.replace(memo);
        Ok(())
    }
}

/// What `Unpickler.memo` is.
#[pytype(name = "_pickle.UnpicklerMemoProxy", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct ReadMemoProxy {
    head: Head,
    #[visit]
    unpickler: Slot<Unpickler>,
}

#[pymethods]
impl ReadMemoProxy {
    /// Remove all items from memo.
    #[method(sig = "(self, /)")]
    fn clear(&self) {
        if let Some(unpickler) = self.unpickler.get_owned() {
            unpickler.memo.replace(UnpicklerMemo::default());
        }
    }

    /// Copy the memo to a new object.
    #[method(sig = "(self, /)")]
    fn copy(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        let dict = Dict::new(th)?;
        if let Some(unpickler) = self.unpickler.get_owned() {
            for (number, ob) in unpickler.memo.entries() {
                dict.set(th, Int::from_usize(th, number)?.object(), ob.borrow())?;
            }
        }
        Ok(dict)
    }

    /// Implement pickling support.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        let copy = Tuple::pack(th, [self.copy(th)?.into_object()])?;
        let dict = Borrowed::from_ref(Dict::type_object()).object().to_owned();
        Tuple::pack(th, [dict, copy.into_object()])
    }
}
