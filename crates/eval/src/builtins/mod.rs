//! The `builtins` module: functions by topic, and the names of the built-in types and exceptions.
//!
//! The same job as CPython's `Python/bltinmodule.c`.

mod class;
mod execution;
mod iteration;
mod names;
mod output;

pub use output::write_stderr;

use krait_objects::bytearray::ByteArray;
use krait_objects::int;
use krait_objects::prelude::*;

/// Functions that compiled code compares names with: as they were made, whatever the program's builtins say.
pub struct CommonBuiltins {
    pub all: Slot,
    pub any: Slot,
}

impl Default for CommonBuiltins {
    fn default() -> CommonBuiltins {
        CommonBuiltins { all: Slot::EMPTY, any: Slot::EMPTY }
    }
}

/// Takes the functions of `CommonBuiltins` from the new module's dictionary.
pub fn remember_common(th: &Thread, builtins: &Dict) -> PyResult<()> {
    let common = th.interp().state::<CommonBuiltins>();
    common.all.set(builtins.get_str(th, id::all)?);
    common.any.set(builtins.get_str(th, id::any)?);
    Ok(())
}

/// The names that all Python code sees without an import: functions, types, exceptions and constants.
///
/// Import it where a name of your own hides a built-in one: builtins.len is len() in any case.
#[pymodule(name = "builtins")]
pub struct Builtins;

#[pyfunctions(parts(class, execution, iteration, output))]
impl Builtins {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        names::add(module, th)
    }

    /// Absolute value of a number.
    #[function(sig = "(x, /)")]
    fn abs(th: &Thread, x: Borrowed<'_>) -> PyResult {
        number::absolute(th, x)
    }

    /// The text of an object with everything beyond ASCII escaped.
    #[function(sig = "(obj, /)")]
    fn ascii(th: &Thread, obj: Borrowed<'_>) -> PyResult<Owned<Str>> {
        object::ascii(th, obj)
    }

    /// The binary digits of an integer, with the prefix 0b.
    #[function(sig = "(number, /)")]
    fn bin(th: &Thread, number: Borrowed<'_>) -> PyResult<Owned<Str>> {
        int::to_base(th, &*number::index(th, number)?, 2)
    }

    /// The octal digits of an integer, with the prefix 0o.
    #[function(sig = "(number, /)")]
    fn oct(th: &Thread, number: Borrowed<'_>) -> PyResult<Owned<Str>> {
        int::to_base(th, &*number::index(th, number)?, 8)
    }

    /// The hexadecimal digits of an integer, with the prefix 0x.
    #[function(sig = "(number, /)")]
    fn hex(th: &Thread, number: Borrowed<'_>) -> PyResult<Owned<Str>> {
        int::to_base(th, &*number::index(th, number)?, 16)
    }

    /// Whether the object can be called.
    ///
    /// Classes can, and instances of classes with a __call__() method.
    #[function(sig = "(obj, /)")]
    fn callable(obj: Borrowed<'_>) -> bool {
        object::is_callable(obj)
    }

    /// The string of one character with code point i; 0 <= i <= 0x10ffff.
    #[function(sig = "(i, /)")]
    fn chr(th: &Thread, i: Borrowed<'_>) -> PyResult<Owned<Str>> {
        let point = number::index(th, i)?.to_i64().and_then(|i| u32::try_from(i).ok());
        match point.filter(|&point| point <= 0x10_ffff) {
            Some(point) => Str::from_char(th, point),
            None => Err(th.raise(exc::VALUE_ERROR, "chr() arg not in range(0x110000)")),
        }
    }

    /// The code point of a string of one character.
    #[function(sig = "(character, /)")]
    fn ord(th: &Thread, character: Borrowed<'_>) -> PyResult<u32> {
        let length = if let Some(text) = character.downcast::<Str>() {
            if text.len() == 1 {
                return Ok(text.char_at(0));
            }
            text.len()
        } else if let Some(bytes) = character.downcast::<Bytes>() {
            if let [byte] = *bytes.as_bytes() {
                return Ok(byte.into());
            }
            bytes.as_bytes().len()
        } else if let Some(bytes) = character.downcast::<ByteArray>() {
            if let [byte] = *bytes.as_bytes() {
                return Ok(byte.into());
            }
            bytes.as_bytes().len()
        } else {
            let ty = character.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "ord() expected string of length 1, but {ty} found"
            ));
        };
        Err(raise!(
            th,
            TYPE_ERROR,
            "ord() expected a character, but string of length {length} found"
        ))
    }

    /// Delete the named attribute of an object: delattr(x, 'y') is del x.y.
    #[function(sig = "(obj, name, /)")]
    fn delattr(th: &Thread, obj: Borrowed<'_>, name: Borrowed<'_>) -> PyResult<()> {
        object::del_attr(th, obj, attribute_name(th, name)?)
    }

    /// Set the named attribute of an object: setattr(x, 'y', v) is x.y = v.
    #[function(sig = "(obj, name, value, /)")]
    fn setattr(
        th: &Thread,
        obj: Borrowed<'_>,
        name: Borrowed<'_>,
        value: Borrowed<'_>,
    ) -> PyResult<()> {
        object::set_attr(th, obj, attribute_name(th, name)?, value)
    }

    /// getattr(object, name[, default]) -> value
    ///
    /// The named attribute of an object: getattr(x, 'y') is x.y. With a default, that is the answer
    /// where the attribute is missing; without one, AttributeError is raised.
    #[function(sig = "(object, name, default=NULL, /)", no_text)]
    fn getattr(
        th: &Thread,
        object: Borrowed<'_>,
        name: Borrowed<'_>,
        default: Option<Borrowed<'_>>,
    ) -> PyResult {
        let name = attribute_name(th, name)?;
        match default {
            None => object::get_attr(th, object, name),
            Some(default) => {
                Ok(object::get_attr_opt(th, object, name)?.unwrap_or_else(|| default.to_owned()))
            }
        }
    }

    /// Whether the object has an attribute of that name: getattr() is called, AttributeError caught.
    #[function(sig = "(obj, name, /)")]
    fn hasattr(th: &Thread, obj: Borrowed<'_>, name: Borrowed<'_>) -> PyResult<bool> {
        Ok(object::get_attr_opt(th, obj, attribute_name(th, name)?)?.is_some())
    }

    /// The pair (x//y, x%y).
    #[function(sig = "(x, y, /)")]
    fn divmod(th: &Thread, x: Borrowed<'_>, y: Borrowed<'_>) -> PyResult {
        number::divmod(th, x, y)
    }

    /// Format a value as format_spec asks: type(value).__format__(value, format_spec).
    #[function(sig = "(value, format_spec='', /)")]
    fn format(
        th: &Thread,
        value: Borrowed<'_>,
        format_spec: Option<Borrowed<'_, Str>>,
    ) -> PyResult<Owned<Str>> {
        object::format(th, value, format_spec)
    }

    /// The hash of an object: equal objects have equal hashes, the reverse need not hold.
    #[function(sig = "(obj, /)")]
    fn hash(th: &Thread, obj: Borrowed<'_>) -> PyResult<isize> {
        object::hash(th, obj)
    }

    /// The identity of an object: unique among the objects that live at the same time.
    #[function(sig = "(obj, /)")]
    fn id(th: &Thread, obj: Borrowed<'_>) -> PyResult<usize> {
        let address = obj.as_ptr() as usize;
        audit!(th, "builtins.id", address)?;
        Ok(address)
    }

    /// Whether an object is an instance of a class, of a subclass of it, or of one of a tuple of classes.
    #[function(sig = "(obj, class_or_tuple, /)")]
    fn isinstance(th: &Thread, obj: Borrowed<'_>, class_or_tuple: Borrowed<'_>) -> PyResult<bool> {
        object::is_instance(th, obj, class_or_tuple)
    }

    /// Whether a class is a class, derives from it, or from one of a tuple of classes.
    #[function(sig = "(cls, class_or_tuple, /)")]
    fn issubclass(th: &Thread, cls: Borrowed<'_>, class_or_tuple: Borrowed<'_>) -> PyResult<bool> {
        object::is_subclass(th, cls, class_or_tuple)
    }

    /// The number of items in a container.
    #[function(sig = "(obj, /)")]
    fn len(th: &Thread, obj: Borrowed<'_>) -> PyResult<usize> {
        object::len(th, obj)
    }

    /// base**exp, or with mod base**exp % mod.
    ///
    /// Some types, such as ints, compute three arguments faster than the operators would.
    #[function(sig = "(base, exp, mod=None)")]
    fn pow(
        th: &Thread,
        base: Borrowed<'_>,
        exp: Borrowed<'_>,
        r#mod: Option<Borrowed<'_>>,
    ) -> PyResult {
        number::power(th, base, exp, r#mod)
    }

    /// The canonical text of an object: for many, eval(repr(obj)) == obj.
    #[function(sig = "(obj, /)")]
    fn repr(th: &Thread, obj: Borrowed<'_>) -> PyResult<Owned<Str>> {
        object::repr(th, obj)
    }

    /// Round a number to a precision in decimal digits.
    ///
    /// Without ndigits, or with None, the answer is an integer; otherwise it has the number's type.
    /// ndigits may be negative.
    #[function(sig = "(number, ndigits=None)")]
    fn round(th: &Thread, number: Borrowed<'_>, ndigits: Option<Borrowed<'_>>) -> PyResult {
        let Some(method) = object::lookup_special(th, number, id::__round__)? else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "type {} doesn't define __round__ method",
                number.type_name()
            ));
        };
        match ndigits {
            Some(ndigits) => call::call(th, method.object(), &[ndigits]),
            None => call::call(th, method.object(), &[]),
        }
    }
}

/// A name as attribute functions take it: any other type is refused.
fn attribute_name<'a>(th: &Thread, name: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    name.downcast::<Str>().ok_or_else(|| {
        raise!(th, TYPE_ERROR, "attribute name must be string, not '{}'", name.type_name())
    })
}
