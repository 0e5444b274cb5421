//! Exception classes.

use crate::error::Raised;
use crate::error::{ExcType, PyResult};
use crate::handle::{Borrowed, Head, Instance, Owned};
use crate::thread::Thread;
use crate::typeobj::Type;

#[repr(C)]
pub struct BaseException {
    head: Head,
}
unsafe impl Instance for BaseException {
    fn type_object() -> &'static Type {
        todo!()
    }
}
impl BaseException {
    /// `add_note`.
    pub fn add_note(&self, _th: &Thread, _note: Borrowed<'_, crate::str::Str>) -> PyResult<()> {
        todo!()
    }
    pub fn args(&self) -> Borrowed<'_, crate::tuple::Tuple> {
        todo!()
    }
    pub fn set_cause(&self, _cause: Option<Owned>) {
        todo!()
    }
    pub fn set_context(&self, _context: Option<Owned>) {
        todo!()
    }
    pub fn context(&self) -> Option<Borrowed<'_, BaseException>> {
        todo!()
    }
    pub fn traceback(&self) -> Option<Borrowed<'_>> {
        todo!()
    }
    pub fn set_traceback(&self, _traceback: Option<Owned>) {
        todo!()
    }
}
/// `class(value)` as `PyErr_SetObject` makes it: an instance is taken as it is, a tuple gives the arguments.
pub fn create(
    _th: &Thread,
    _class: Borrowed<'_, Type>,
    _value: Option<Borrowed<'_>>,
) -> PyResult<Owned<BaseException>> {
    todo!()
}
/// Sets `handled` as context of `exception`, cutting a cycle.
pub fn chain_context(
    _exception: Borrowed<'_, BaseException>,
    _handled: Borrowed<'_, BaseException>,
) {
    todo!()
}
/// MemoryError from the interpreter's reserve.
pub fn raise_no_memory(_th: &Thread) -> Raised {
    todo!()
}

/// The built-in exception classes by name.
pub mod exc {
    use super::ExcType;
    macro_rules! consts { ($($name:ident),* $(,)?) => { static UNFINISHED: crate::typeobj::StaticType = crate::typeobj::StaticType::new(krait_abi::PyTypeObject::EMPTY); $(pub static $name: ExcType = UNFINISHED.as_type();)* }; }
    consts!(
        BASE_EXCEPTION,
        BASE_EXCEPTION_GROUP,
        GENERATOR_EXIT,
        KEYBOARD_INTERRUPT,
        SYSTEM_EXIT,
        EXCEPTION,
        ARITHMETIC_ERROR,
        FLOATING_POINT_ERROR,
        OVERFLOW_ERROR,
        ZERO_DIVISION_ERROR,
        ASSERTION_ERROR,
        ATTRIBUTE_ERROR,
        BUFFER_ERROR,
        EOF_ERROR,
        IMPORT_ERROR,
        MODULE_NOT_FOUND_ERROR,
        LOOKUP_ERROR,
        INDEX_ERROR,
        KEY_ERROR,
        MEMORY_ERROR,
        NAME_ERROR,
        UNBOUND_LOCAL_ERROR,
        OS_ERROR,
        BLOCKING_IO_ERROR,
        CHILD_PROCESS_ERROR,
        CONNECTION_ERROR,
        BROKEN_PIPE_ERROR,
        CONNECTION_ABORTED_ERROR,
        CONNECTION_REFUSED_ERROR,
        CONNECTION_RESET_ERROR,
        FILE_EXISTS_ERROR,
        FILE_NOT_FOUND_ERROR,
        INTERRUPTED_ERROR,
        IS_A_DIRECTORY_ERROR,
        NOT_A_DIRECTORY_ERROR,
        PERMISSION_ERROR,
        PROCESS_LOOKUP_ERROR,
        TIMEOUT_ERROR,
        REFERENCE_ERROR,
        RUNTIME_ERROR,
        NOT_IMPLEMENTED_ERROR,
        PYTHON_FINALIZATION_ERROR,
        RECURSION_ERROR,
        STOP_ASYNC_ITERATION,
        STOP_ITERATION,
        SYNTAX_ERROR,
        INCOMPLETE_INPUT_ERROR,
        INDENTATION_ERROR,
        TAB_ERROR,
        SYSTEM_ERROR,
        TYPE_ERROR,
        VALUE_ERROR,
        UNICODE_ERROR,
        UNICODE_DECODE_ERROR,
        UNICODE_ENCODE_ERROR,
        UNICODE_TRANSLATE_ERROR,
        WARNING,
        BYTES_WARNING,
        DEPRECATION_WARNING,
        ENCODING_WARNING,
        FUTURE_WARNING,
        IMPORT_WARNING,
        PENDING_DEPRECATION_WARNING,
        RESOURCE_WARNING,
        RUNTIME_WARNING,
        SYNTAX_WARNING,
        UNICODE_WARNING,
        USER_WARNING,
        EXCEPTION_GROUP
    );
}
/// UnicodeEncodeError for a range of `string`.
pub fn raise_encode_error(
    _th: &Thread,
    _encoding: &str,
    _string: Borrowed<'_, crate::str::Str>,
    _error: crate::text::codec::CodecError,
) -> Raised {
    todo!()
}
