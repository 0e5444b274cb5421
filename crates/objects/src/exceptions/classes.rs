//! The exception classes that add nothing to their base but a name and a docstring.

use krait_abi as abi;

use super::base::{self, BaseException};
use super::os::OSError;
use super::special::{ImportError, NameError};
use super::syntax::SyntaxError;
use crate::args::rt::StaticTypeOf;
use crate::gc::{Visit, Visitor};
use crate::handle::Instance;
use crate::typeobj::{StaticType, Type};

/// The initial content of such a class; what is missing is inherited when it is readied.
const fn derived(
    name: &'static std::ffi::CStr,
    doc: &'static std::ffi::CStr,
    base: *mut abi::PyTypeObject,
    plain: bool,
) -> abi::PyTypeObject {
    let mut ty = abi::PyTypeObject::EMPTY;
    ty.ob_base = abi::PyVarObject_HEAD_INIT(<Type as StaticTypeOf>::TYPE, 0);
    ty.tp_name = name.as_ptr();
    ty.tp_doc = doc.as_ptr();
    ty.tp_base = base;
    ty.tp_flags = abi::_Py_TPFLAGS_STATIC_BUILTIN
        | abi::Py_TPFLAGS_IMMUTABLETYPE
        | abi::Py_TPFLAGS_BASETYPE
        | abi::Py_TPFLAGS_BASE_EXC_SUBCLASS;
    if plain {
        // Named, though it is the base's: the class shows a `__new__` of its own.
        ty.tp_new = <BaseException as StaticTypeOf>::INITIAL.tp_new;
        ty.tp_vectorcall = Some(base::vectorcall);
    }
    ty
}

/// One line per class: its name, its base, whether its constructor is `BaseException`'s, its docstring.
macro_rules! classes {
    ($($name:ident : $base:ty, $plain:literal, $doc:literal;)*) => {$(
        #[doc = $doc]
        #[repr(C)]
        pub struct $name {
            base: $base,
        }

        const _: () = {
            static TYPE: StaticType = StaticType::new(<$name as StaticTypeOf>::INITIAL);

            const fn c_string(bytes: &'static [u8]) -> &'static std::ffi::CStr {
                match std::ffi::CStr::from_bytes_with_nul(bytes) {
                    Ok(string) => string,
                    Err(_) => panic!("a NUL inside"),
                }
            }

            impl StaticTypeOf for $name {
                const TYPE: *mut abi::PyTypeObject = TYPE.as_ptr();
                const INITIAL: abi::PyTypeObject = derived(
                    c_string(concat!(stringify!($name), "\0").as_bytes()),
                    c_string(concat!($doc, "\0").as_bytes()),
                    <$base as StaticTypeOf>::TYPE,
                    $plain,
                );
            }

            // SAFETY: the struct is its base's, and a subtype's object begins with it.
            unsafe impl Instance for $name {
                fn type_object() -> &'static Type {
                    TYPE.as_type()
                }
            }
        };

        impl Visit for $name {
            fn visit(&self, visitor: &mut Visitor<'_>) -> std::ffi::c_int {
                self.base.visit(visitor)
            }

            fn clear(&self) {
                self.base.clear();
            }
        }

        impl std::ops::Deref for $name {
            type Target = $base;

            fn deref(&self) -> &$base {
                &self.base
            }
        }
    )*};
}

classes! {
    Exception: BaseException, true, "What all exceptions derive from, but for those that end the program or a generator.";
    GeneratorExit: BaseException, true, "Raised in a generator or coroutine to close it.";
    KeyboardInterrupt: BaseException, true, "The user interrupted the program.";
    ArithmeticError: Exception, true, "What errors of calculation derive from.";
    AssertionError: Exception, true, "The condition of an assert statement is false.";
    BufferError: Exception, true, "A buffer does not allow the operation.";
    EOFError: Exception, true, "The input ended before anything could be read.";
    LookupError: Exception, true, "What errors of missing keys and indices derive from.";
    ReferenceError: Exception, true, "The object behind a weak reference proxy is gone.";
    RuntimeError: Exception, true, "An error that no other class describes.";
    StopAsyncIteration: Exception, true, "Raised by __anext__() when there are no more items.";
    SystemError: Exception, true, "The interpreter found an error in itself.\n\nPlease report it, with the traceback, the version of the interpreter and the platform.";
    TypeError: Exception, true, "An object's type does not fit the operation.";
    ValueError: Exception, true, "An argument has the right type, but its value cannot be used.";
    Warning: Exception, true, "What all categories of warnings derive from.";
    FloatingPointError: ArithmeticError, true, "A calculation with floats failed.";
    OverflowError: ArithmeticError, true, "A number is too large for its representation.";
    ZeroDivisionError: ArithmeticError, true, "Something was to be divided by zero.";
    IndexError: LookupError, true, "An index lies outside its sequence.";
    NotImplementedError: RuntimeError, true, "Code that is still to be written, or that a subclass has to supply, was called.";
    PythonFinalizationError: RuntimeError, true, "The interpreter is shutting down and does not do this any more.";
    RecursionError: RuntimeError, true, "Calls are nested more deeply than the limit allows.";
    UnicodeError: ValueError, true, "Text could not be encoded, decoded or translated.";
    BytesWarning: Warning, true, "For doubtful uses of bytes and buffers, above all taking them for str or comparing them with it.";
    DeprecationWarning: Warning, true, "For features that new code should avoid.";
    EncodingWarning: Warning, true, "For text files whose encoding was left to the locale.";
    FutureWarning: Warning, true, "For code that will mean something else in a later version.";
    ImportWarning: Warning, true, "For imports that are likely to be mistakes.";
    PendingDeprecationWarning: Warning, true, "For features that are going to be deprecated.";
    ResourceWarning: Warning, true, "For resources, such as files, that were never released.";
    RuntimeWarning: Warning, true, "For what looks wrong while the program runs.";
    SyntaxWarning: Warning, true, "For code that is valid but looks wrong.";
    UnicodeWarning: Warning, true, "For doubtful uses of Unicode, above all in conversions.";
    UserWarning: Warning, true, "For warnings that a program gives itself.";
    ModuleNotFoundError: ImportError, false, "The module to import does not exist.";
    UnboundLocalError: NameError, false, "A local variable was read while it had no value.";
    BlockingIOError: OSError, false, "The operation would have to wait, which it was told not to do.";
    ChildProcessError: OSError, false, "An operation on a child process failed.";
    ConnectionError: OSError, false, "What errors of connections derive from.";
    FileExistsError: OSError, false, "Something of that name is already there.";
    FileNotFoundError: OSError, false, "There is no such file or directory.";
    InterruptedError: OSError, false, "A signal cut the operation short.";
    IsADirectoryError: OSError, false, "The operation cannot be done on a directory.";
    NotADirectoryError: OSError, false, "The operation needs a directory.";
    PermissionError: OSError, false, "The system does not permit the operation.";
    ProcessLookupError: OSError, false, "There is no such process.";
    TimeoutError: OSError, false, "The operation took longer than allowed.";
    BrokenPipeError: ConnectionError, false, "The other end of the connection is closed.";
    ConnectionAbortedError: ConnectionError, false, "The connection was given up before it was complete.";
    ConnectionRefusedError: ConnectionError, false, "The other side does not accept connections.";
    ConnectionResetError: ConnectionError, false, "The other side broke the connection off.";
    IndentationError: SyntaxError, false, "A line is indented in a way that is not allowed.";
    TabError: IndentationError, false, "Indentation mixes tabs and spaces so that its depth is unclear.";
}
