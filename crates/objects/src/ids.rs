//! Names the house itself looks up, as static, immortal, interned strings: `id::__init__`.
//!
//! They need no allocation and no table look-up at run time, and no work when an interpreter starts: who interns
//! a text finds them by a table that is made when we are compiled (`find`). The same job as CPython's `_Py_ID`. Keep the
//! list sorted, a name once.

use crate::handle::Borrowed;
use crate::str::Str;
use crate::str::fixed::StaticStr;

macro_rules! ids {
    ($($name:ident $(= $text:literal)?),* $(,)?) => {
        /// The names as handles.
        #[allow(non_upper_case_globals)]
        pub mod id {
            use super::*;
            $(
                pub const $name: Borrowed<'static, Str> = {
                    const TEXT: &str = ids!(@text $name $($text)?);
                    static STRING: StaticStr<{ TEXT.len() + 1 }> = StaticStr::new(TEXT);
                    STRING.as_str()
                };
            )*
        }

        /// Every name.
        static ALL: &[Borrowed<'static, Str>] = &[$(id::$name),*];

        /// Their texts, for the compiler, which does not look into `ALL`.
        const TEXTS: &[&str] = &[$(ids!(@text $name $($text)?)),*];
    };
    (@text $name:ident $text:literal) => { $text };
    (@text $name:ident) => { stringify!($name) };
}

ids! {
    False, True, __abs__, __abstractmethods__, __add__, __aenter__, __aexit__, __aiter__, __all__, __and__, __anext__, __annotate__,
    __annotate_func__, __annotations__, __annotations_cache__, __args__, __await__, __bases__, __bool__, __buffer__,
    __build_class__, __builtins__, __bytes__, __cached__, __call__, __cause__, __ceil__, __class__, __class_getitem__,
    __classcell__, __classdict__, __classdictcell__, __complex__, __contains__, __context__, __copy__, __deepcopy__,
    __debug__, __del__, __delattr__, __delete__, __delitem__, __dict__, __dir__, __divmod__, __doc__, __enter__, __eq__,
    __exit__, __file__, __firstlineno__, __float__, __floor__, __floordiv__, __format__, __ge__, __get__,
    __getattr__, __getattribute__, __getitem__, __getnewargs__, __getnewargs_ex__, __getstate__, __gt__,
    __hash__, __iadd__, __iand__, __ifloordiv__, __ilshift__, __imatmul__, __imod__, __import__, __imul__,
    __index__, __init__, __init_subclass__, __instancecheck__, __int__, __invert__, __ior__, __ipow__,
    __irshift__, __isabstractmethod__, __isub__, __iter__, __itruediv__, __ixor__, __le__, __len__,
    __length_hint__, __loader__, __lshift__, __lt__, __main__, __match_args__, __matmul__, __missing__,
    __mod__, __module__, __mro_entries__, __mul__, __name__, __ne__, __neg__, __new__, __next__, __notes__,
    __objclass__, __or__, __orig_bases__, __orig_class__, __origin__, __package__, __parameters__, __path__,
    __pos__, __pow__, __prepare__, __qualname__, __radd__, __rand__, __rdivmod__, __reduce__, __reduce_ex__,
    __release_buffer__, __repr__, __reversed__, __rfloordiv__, __rlshift__, __rmatmul__, __rmod__, __rmul__,
    __ror__, __round__, __rpow__, __rrshift__, __rshift__, __rsub__, __rtruediv__, __rxor__, __self__,
    __set__, __set_name__, __setattr__, __setitem__, __setstate__, __sizeof__, __slotnames__, __slots__,
    __spec__, __static_attributes__, __str__, __sub__, __subclasscheck__, __subclasshook__, __suppress_context__,
    __text_signature__, __traceback__, __truediv__, __trunc__, __type_params__, __typing_subst__,
    __typing_prepare_subst__, __typing_is_unpacked_typevartuple__, __typing_unpacked_tuple_args__, __unpacked__,
    __newobj__, __newobj_ex__, _frozen_importlib, _module_repr, _reduce_ex, _slotnames, _type_check,
    flags, safe_path, stdlib_module_names, typing,
    __warningregistry__, __weakref__, __wrapped__, __xor__,
    _abc_impl, _cached, _filters, _find_and_load, _handle_fromlist, _initializing, _lock_unlock_module, _set_fileattr, _uninitialized_submodules,
    add, append, args, breakpointhook, builtins, close, code, copy, copyreg, decode, default, defaultaction, displayhook, encode, encoding, end,
    end_lineno, end_offset, errors, excepthook, extend, filename, filters, flush, fromlist, get, get_source, getattr, globals,
    imag, import_ = "import", isinstance, items, iter, join, keys, last_exc, last_traceback, last_type, last_value, len, level, lineno, locals, metaclass,
    modules, mro, msg, name, name_from, next, obj, object, offset, onceregistry, path, pop, popitem, print_file_and_line, ps1, ps2, read,
    readline, real, repr, reverse, reversed, send, setdefault, sort, stderr, stdin, stdout, strict, sys, text, threading, throw, unraisablehook,
    update, value, values, version, warnings, write, zipimporter,
    all,
    any,
    dst, fromtimestamp, fromutc, isoformat, strftime, timetuple, tzname, utcoffset,
    split,
    derive,
    exceptions,
    has_location, loader, loader_state, submodule_search_locations,
    origin,
    _asyncio_future_blocking, _loop, add_done_callback, call_exception_handler, call_soon, cancel, context, discard, done, exception,
    future, get_debug, get_event_loop, get_loop, is_running, message, result, source_traceback, task,
    anonymous_dictcomp = "<dictcomp>", anonymous_genexpr = "<genexpr>", anonymous_lambda = "<lambda>", anonymous_module = "<module>",
    anonymous_string = "<string>", anonymous_unknown = "<unknown>", dot = ".", empty = "", utf_8 = "utf-8",
}

const BUCKETS: usize = 1024;

/// For each bucket the line of `TEXTS` that is in it, counted from one, or 0. Those whose bucket is taken are in the next free one.
static TABLE: [u16; BUCKETS] = {
    assert!(TEXTS.len() * 2 < BUCKETS);
    let mut table = [0; BUCKETS];
    let mut line = 0;
    while line < TEXTS.len() {
        let mut at = bucket(TEXTS[line].as_bytes());
        while table[at] != 0 {
            at = (at + 1) % BUCKETS;
        }
        line += 1;
        table[at] = line as u16;
    }
    table
};

/// By the length and a few characters. It need not withstand anybody: what it decides about is known.
const fn bucket(text: &[u8]) -> usize {
    let len = text.len();
    if len == 0 {
        return 0;
    }
    let places = [len / 4, len / 3, len / 2, len - len / 4 - 1, len - 1 - (len > 2) as usize * 2];
    let (mut mixed, mut at) = (len as u32, 0);
    while at < places.len() {
        mixed = mixed.wrapping_mul(37) ^ text[places[at]] as u32;
        at += 1;
    }
    (mixed.wrapping_mul(0x9e37_79b1) >> 22) as usize
}

/// The name with this text, if the house has it.
pub fn find(text: &[u8]) -> Option<Borrowed<'static, Str>> {
    let mut at = bucket(text);
    loop {
        let name = ALL[usize::from(TABLE[at]).checked_sub(1)?];
        if name.as_ascii().map(str::as_bytes) == Some(text) {
            return Some(name);
        }
        at = (at + 1) % BUCKETS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_nothing_else() {
        for (name, text) in ALL.iter().zip(TEXTS) {
            assert!(find(text.as_bytes()).is_some_and(|found| found.is(*name)), "{text}");
            assert!(find(format!("{text}?").as_bytes()).is_none());
        }
        assert!(find(b"nobody's name").is_none());
    }
}
