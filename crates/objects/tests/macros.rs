//! The attribute macros, seen from a crate that uses them: what the static tables hold.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int};

use krait_abi as abi;
use krait_macros::{capi, pyfunctions, pymethods, pymodule, pytype};
use krait_objects::args::rt::StaticTypeOf;
use krait_objects::gc::Visitor;
use krait_objects::prelude::*;

/// A point in the plane.
///
/// Its coordinates change.
#[pytype(
    name = "geometry.Point", symbol = "KraitTestPoint_Type", new = "(x=0, y=0)",
    flags(BASETYPE, HAVE_GC), itemsize = 8, weaklist = weakrefs,
)]
#[repr(C)]
pub struct Point {
    head: Head,
    /// How far right.
    #[member]
    x: Cell<isize>,
    #[visit]
    #[member(name = "tag", readonly)]
    label: Slot,
    weakrefs: Cell<*mut abi::PyObject>,
}

#[pymethods(parts(more))]
impl Point {
    /// Moves the point.
    #[method(sig = "(self, dx, dy=-1, /)")]
    fn shift(&self, dx: isize, dy: isize) {
        self.x.set(self.x.get() + dx + dy);
    }

    #[method(sig = "(self)")]
    fn copy(this: Borrowed<'_, Self>) -> Borrowed<'_, Self> {
        this
    }

    #[method(sig = "(self, other, /)", name = "distance_to")]
    fn distance(&self, _th: &Thread, other: Borrowed<'_, Point>) -> f64 {
        (self.x.get() - other.x.get()) as f64
    }

    #[classmethod(sig = "(type, text, /, encoding='utf-8', *, strict=True)")]
    fn parse(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        _text: &str,
        _encoding: &str,
        _strict: bool,
    ) -> PyResult {
        Err(th.raise(exc::VALUE_ERROR, "no"))
    }

    #[staticmethod(sig = "(*args, **kwargs)")]
    fn gather(args: &[Borrowed<'_>], kwargs: Kwargs<'_>) -> usize {
        args.len() + kwargs.len()
    }

    #[method(sig = "(self, /, *args)", no_text)]
    fn raw(&self, args: Args<'_>) -> usize {
        args.values.len()
    }

    #[new(sig = "(x=0, y=None)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        x: isize,
        y: Option<Borrowed<'_, Str>>,
    ) -> PyResult {
        let point = cls.alloc::<Point>(th, 0)?;
        point.x.set(x + y.map_or(0, |y| y.len() as isize));
        Ok(point.into_object())
    }

    #[slot(tp_hash)]
    fn hash(&self) -> PyResult<isize> {
        Ok(self.x.get())
    }

    #[slot(nb_add)]
    fn add(_th: &Thread, left: Borrowed<'_>, _right: Borrowed<'_>) -> PyResult {
        Ok(left.to_owned())
    }

    #[slot(sq_length, mp_length)]
    fn len(&self) -> PyResult<usize> {
        Ok(self.x.get() as usize)
    }

    #[slot(tp_free)]
    unsafe extern "C" fn free(_: *mut std::ffi::c_void) {}
}

#[pymethods(part = "more")]
impl Point {
    /// The ordinate.
    #[getter]
    fn y(&self) -> isize {
        0
    }

    #[setter]
    fn set_y(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        match value {
            Some(_) => Ok(()),
            None => Err(th.raise(exc::TYPE_ERROR, "cannot delete y")),
        }
    }

    #[slot(tp_richcompare)]
    fn compare(&self, _other: Borrowed<'_>, op: CompareOp) -> bool {
        op == CompareOp::Eq
    }

    #[slot(tp_iternext)]
    fn next(&self) -> PyResult<Option<Owned>> {
        Ok(None)
    }

    #[slot(tp_getattro)]
    fn getattro(&self, _name: Borrowed<'_, Str>) -> PyResult<isize> {
        Ok(1)
    }
}

/// A type with nothing of its own.
#[pytype(name = "empty", base = Point)]
#[repr(C)]
struct Empty {
    base: Point,
}

#[pymethods]
impl Empty {}

/// Families of types are declared by a macro of their own.
macro_rules! derived {
    ($(#[$doc:meta])* $name:ident, $python:literal, $base:ty, $sig:literal, $arg:ty) => {
        $(#[$doc])*
        #[pytype(name = $python, base = $base, new = $sig, flags(BASETYPE, HAVE_GC))]
        #[repr(C)]
        struct $name {
            #[visit]
            base: $base,
        }

        #[pymethods]
        impl $name {
            #[method(sig = "(self, value=None)", name = $python)]
            fn method(&self, value: $arg) -> bool {
                value.is_none() && self.base.x.get() == 0
            }
        }
    };
}

derived!(/** Documented. */ Derived, "derived", Point, "()", Option<Borrowed<'_>>);

#[test]
fn declarations_may_come_from_a_macro() {
    assert_eq!(text(Derived::INITIAL.tp_doc), "derived()\n--\n\nDocumented.");
    assert_eq!(Derived::INITIAL.tp_base, Point::TYPE);
    assert!(Derived::INITIAL.tp_traverse.is_some());
    assert_eq!(methods(Derived::INITIAL.tp_methods)[0].0, "derived");
}

/// Plane geometry.
#[pymodule(name = "geometry")]
pub struct Geometry;

#[pyfunctions]
impl Geometry {
    #[constant]
    const PI: f64 = std::f64::consts::PI;

    /// Halves.
    #[function(sig = "(x, /)")]
    fn half(x: f64) -> f64 {
        x / 2.0
    }

    #[function(sig = "(a, b, *, start=0)")]
    fn total(_module: Borrowed<'_, Module>, a: isize, b: isize, start: isize) -> isize {
        a + b + start
    }

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, Point::type_object())
    }
}

fn text(pointer: *const c_char) -> String {
    assert!(!pointer.is_null());
    // SAFETY: the tables hold C strings.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_string()
}

/// The entries of a table before its empty one, each with the flags.
fn methods(mut entry: *const abi::PyMethodDef) -> Vec<(String, c_int, String)> {
    let mut all = Vec::new();
    // SAFETY: the table ends with an entry without a name.
    unsafe {
        while !(*entry).ml_name.is_null() {
            let doc = if (*entry).ml_doc.is_null() { String::new() } else { text((*entry).ml_doc) };
            all.push((text((*entry).ml_name), (*entry).ml_flags, doc));
            entry = entry.add(1);
        }
    }
    all
}

#[test]
fn methods_have_the_fastest_convention_and_their_signature() {
    let found = methods(Point::INITIAL.tp_methods);
    let expected = [
        ("shift", abi::METH_FASTCALL, "shift($self, dx, dy=-1, /)\n--\n\nMoves the point."),
        ("copy", abi::METH_NOARGS, "copy($self, /)\n--\n\n"),
        ("distance_to", abi::METH_O, "distance_to($self, other, /)\n--\n\n"),
        (
            "parse",
            abi::METH_FASTCALL | abi::METH_KEYWORDS | abi::METH_CLASS,
            "parse($type, text, /, encoding='utf-8', *, strict=True)\n--\n\n",
        ),
        (
            "gather",
            abi::METH_FASTCALL | abi::METH_KEYWORDS | abi::METH_STATIC,
            "gather(*args, **kwargs)\n--\n\n",
        ),
        ("raw", abi::METH_FASTCALL, ""),
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!((found.0.as_str(), found.1, found.2.as_str()), expected);
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn a_type_is_complete_before_it_is_readied() {
    let ty = &Point::INITIAL;
    assert_eq!(text(ty.tp_name), "geometry.Point");
    assert_eq!(
        text(ty.tp_doc),
        "Point(x=0, y=0)\n--\n\nA point in the plane.\n\nIts coordinates change."
    );
    assert_eq!(ty.tp_basicsize, 40);
    assert_eq!(ty.tp_itemsize, 8);
    assert_eq!(ty.tp_weaklistoffset, 32);
    let own = abi::Py_TPFLAGS_BASETYPE | abi::Py_TPFLAGS_HAVE_GC;
    let flags = own | abi::Py_TPFLAGS_IMMUTABLETYPE | abi::_Py_TPFLAGS_STATIC_BUILTIN;
    assert_eq!(ty.tp_flags, flags);
    assert_eq!(ty.ob_base.ob_base.ob_type, <Type as StaticTypeOf>::TYPE);
    assert_eq!(ty.tp_base, <Object as StaticTypeOf>::TYPE);
    assert_eq!(Empty::INITIAL.tp_base, KraitTestPoint_Type.as_ptr());
    assert!(Empty::INITIAL.tp_methods.is_null() && Empty::INITIAL.tp_members.is_null());
}

/// Slots of all parts, and only those, are set; a table exists only if it is used.
#[test]
fn slots_come_from_every_part() {
    let ty = &Point::INITIAL;
    assert!(ty.tp_hash.is_some() && ty.tp_new.is_some() && ty.tp_vectorcall.is_some());
    assert!(ty.tp_richcompare.is_some() && ty.tp_iternext.is_some() && ty.tp_getattro.is_some());
    assert!(ty.tp_traverse.is_some() && ty.tp_clear.is_some() && ty.tp_dealloc.is_some());
    assert!(ty.tp_init.is_none() && ty.tp_call.is_none());
    assert!(ty.tp_as_async.is_null() && ty.tp_as_buffer.is_null());
    // It has `tp_iternext` and no base: so it is its own iterator.
    assert_eq!(ty.tp_iter.map(|iter| iter as usize), Some(iter::self_iter as *const () as usize));
    assert!(Empty::INITIAL.tp_iter.is_none());
    // SAFETY: the tables are static.
    unsafe {
        assert!((*ty.tp_as_number).nb_add.is_some() && (*ty.tp_as_number).nb_subtract.is_none());
        assert!((*ty.tp_as_sequence).sq_length.is_some());
        assert!((*ty.tp_as_mapping).mp_length.is_some());
    }
}

#[test]
fn members_and_properties() {
    // SAFETY: the tables are static and end with an empty entry.
    let (members, getset) = unsafe {
        (
            std::slice::from_raw_parts(Point::INITIAL.tp_members, 3),
            std::slice::from_raw_parts(Point::INITIAL.tp_getset, 2),
        )
    };
    assert_eq!(text(members[0].name), "x");
    assert_eq!(text(members[0].doc), "How far right.");
    assert_eq!((members[0].r#type, members[0].offset), (abi::Py_T_PYSSIZET, 16));
    assert_eq!(text(members[1].name), "tag");
    assert_eq!((members[1].r#type, members[1].flags), (abi::_Py_T_OBJECT, abi::Py_READONLY));
    assert!(members[2].name.is_null() && getset[1].name.is_null());
    assert_eq!((text(getset[0].name), text(getset[0].doc)), ("y".into(), "The ordinate.".into()));
    assert!(getset[0].get.is_some() && getset[0].set.is_some());
}

#[test]
fn a_module_is_multi_phase() {
    // SAFETY: the definition is static.
    unsafe {
        let def = &*Geometry::module_def().as_ptr();
        assert_eq!(
            (text(def.m_name), text(def.m_doc)),
            ("geometry".into(), "Plane geometry.".into())
        );
        let found = methods(def.m_methods);
        assert_eq!(
            found[0],
            ("half".into(), abi::METH_O, "half($module, x, /)\n--\n\nHalves.".into())
        );
        assert_eq!(found[1].2, "total($module, /, a, b, *, start=0)\n--\n\n");
        assert_eq!(found.len(), 2);
        let slots = std::slice::from_raw_parts(def.m_slots, 4);
        assert_eq!(slots[0].slot, abi::Py_mod_exec);
        assert_eq!(slots[3].slot, 0);
    }
}

/// The struct's fields are visited, in order.
#[test]
fn visited_fields_are_those_marked() {
    fn takes_visitor<T: krait_objects::gc::Visit>(_: fn(&T, &mut Visitor<'_>) -> c_int) {}
    takes_visitor::<Point>(krait_objects::gc::Visit::visit);
}

/// Everything as it is.
#[capi(stable = "3.2")]
fn KraitTest_Add(a: isize, b: c_int) -> isize {
    a + isize::try_from(b).unwrap_or(0)
}

#[capi]
fn KraitTest_Same(_th: &Thread, ob: Borrowed<'_>) -> PyResult {
    Ok(ob.to_owned())
}

#[capi]
fn KraitTest_First<'a>(ob: Borrowed<'a>, _other: Option<Borrowed<'_>>) -> Option<Borrowed<'a>> {
    Some(ob)
}

#[capi]
fn KraitTest_Take(ob: Owned, other: Option<Owned>) -> PyResult<()> {
    drop((ob, other));
    Ok(())
}

#[capi]
fn KraitTest_Size(th: &Thread, ob: Borrowed<'_, List>) -> PyResult<usize> {
    object::len(th, ob.object())
}

#[capi(error = f32::NAN)]
unsafe fn KraitTest_Value(ob: Option<Borrowed<'_>>, value: *const f32) -> f32 {
    // SAFETY: as C promises.
    if ob.is_none() { 0.0 } else { unsafe { *value } }
}

#[capi]
fn KraitTest_Nothing(_ob: Borrowed<'_>) {}

#[capi]
fn KraitTest_Bool(_ob: Borrowed<'_>) -> PyResult<bool> {
    Ok(true)
}

/// C's types and conventions, by calling the functions as C does.
#[test]
fn exported_functions_speak_c() {
    let none = none().as_ptr();
    let null = std::ptr::null_mut();
    let as_c: unsafe extern "C" fn(*mut abi::PyObject, *mut abi::PyObject) -> c_int =
        KraitTest_Take;
    // SAFETY: `None` is static and immortal.
    unsafe {
        assert_eq!(KraitTest_Add(40, 2), 42);
        assert_eq!(KraitTest_First(none, null), none);
        assert_eq!(as_c(none, null), 0);
        assert_eq!(KraitTest_Bool(none), 1);
        assert_eq!(KraitTest_Value(none, &1.5), 1.5);
        KraitTest_Nothing(none);
    }
    let _: unsafe extern "C" fn(*mut abi::PyObject) -> usize = KraitTest_Size;
    let _: unsafe extern "C" fn(*mut abi::PyObject) -> *mut abi::PyObject = KraitTest_Same;
}
