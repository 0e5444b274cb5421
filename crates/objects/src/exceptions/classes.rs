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
    Exception: BaseException, true, "Common base class for all non-exit exceptions.";
    GeneratorExit: BaseException, true, "Request that a generator exit.";
    KeyboardInterrupt: BaseException, true, "Program interrupted by user.";
    ArithmeticError: Exception, true, "Base class for arithmetic errors.";
    AssertionError: Exception, true, "Assertion failed.";
    BufferError: Exception, true, "Buffer error.";
    EOFError: Exception, true, "Read beyond end of file.";
    LookupError: Exception, true, "Base class for lookup errors.";
    ReferenceError: Exception, true, "Weak ref proxy used after referent went away.";
    RuntimeError: Exception, true, "Unspecified run-time error.";
    StopAsyncIteration: Exception, true, "Signal the end from iterator.__anext__().";
    SystemError: Exception, true, "Internal error in the Python interpreter.\n\nPlease report this to the Python maintainer, along with the traceback,\nthe Python version, and the hardware/OS platform and version.";
    TypeError: Exception, true, "Inappropriate argument type.";
    ValueError: Exception, true, "Inappropriate argument value (of correct type).";
    Warning: Exception, true, "Base class for warning categories.";
    FloatingPointError: ArithmeticError, true, "Floating-point operation failed.";
    OverflowError: ArithmeticError, true, "Result too large to be represented.";
    ZeroDivisionError: ArithmeticError, true, "Second argument to a division or modulo operation was zero.";
    IndexError: LookupError, true, "Sequence index out of range.";
    NotImplementedError: RuntimeError, true, "Method or function hasn't been implemented yet.";
    PythonFinalizationError: RuntimeError, true, "Operation blocked during Python finalization.";
    RecursionError: RuntimeError, true, "Recursion limit exceeded.";
    UnicodeError: ValueError, true, "Unicode related error.";
    BytesWarning: Warning, true, "Base class for warnings about bytes and buffer related problems, mostly\nrelated to conversion from str or comparing to str.";
    DeprecationWarning: Warning, true, "Base class for warnings about deprecated features.";
    EncodingWarning: Warning, true, "Base class for warnings about encodings.";
    FutureWarning: Warning, true, "Base class for warnings about constructs that will change semantically\nin the future.";
    ImportWarning: Warning, true, "Base class for warnings about probable mistakes in module imports";
    PendingDeprecationWarning: Warning, true, "Base class for warnings about features which will be deprecated\nin the future.";
    ResourceWarning: Warning, true, "Base class for warnings about resource usage.";
    RuntimeWarning: Warning, true, "Base class for warnings about dubious runtime behavior.";
    SyntaxWarning: Warning, true, "Base class for warnings about dubious syntax.";
    UnicodeWarning: Warning, true, "Base class for warnings about Unicode related problems, mostly\nrelated to conversion problems.";
    UserWarning: Warning, true, "Base class for warnings generated by user code.";
    ModuleNotFoundError: ImportError, false, "Module not found.";
    UnboundLocalError: NameError, false, "Local name referenced but not bound to a value.";
    BlockingIOError: OSError, false, "I/O operation would block.";
    ChildProcessError: OSError, false, "Child process error.";
    ConnectionError: OSError, false, "Connection error.";
    FileExistsError: OSError, false, "File already exists.";
    FileNotFoundError: OSError, false, "File not found.";
    InterruptedError: OSError, false, "Interrupted by signal.";
    IsADirectoryError: OSError, false, "Operation doesn't work on directories.";
    NotADirectoryError: OSError, false, "Operation only works on directories.";
    PermissionError: OSError, false, "Not enough permissions.";
    ProcessLookupError: OSError, false, "Process not found.";
    TimeoutError: OSError, false, "Timeout expired.";
    BrokenPipeError: ConnectionError, false, "Broken pipe.";
    ConnectionAbortedError: ConnectionError, false, "Connection aborted.";
    ConnectionRefusedError: ConnectionError, false, "Connection refused.";
    ConnectionResetError: ConnectionError, false, "Connection reset.";
    IndentationError: SyntaxError, false, "Improper indentation.";
    TabError: IndentationError, false, "Improper mixture of spaces and tabs.";
}
