//! The built-in exception classes by name.
//!
//! Each constant is, under its C name, the pointer variable `PyExc_…` that extensions read.

use super::*;
use crate::args::rt::StaticTypeOf;
use crate::error::ExcType;

macro_rules! constants {
    ($($constant:ident = $class:ident, $symbol:literal;)*) => {
        $(
            #[doc = concat!("`", stringify!($class), "`.")]
            #[unsafe(export_name = $symbol)]
            pub static $constant: ExcType =
                // SAFETY: the address of a static type, which `Type` lays out.
                unsafe { &*<$class as StaticTypeOf>::TYPE.cast::<Type>() };
        )*

        /// Every class but `ExceptionGroup`, which each interpreter makes for itself; in the order of `builtins`.
        pub static ALL: &[ExcType] = &[$(
            // SAFETY: as above.
            unsafe { &*<$class as StaticTypeOf>::TYPE.cast::<Type>() }
        ),*];
    };
}

constants! {
    BASE_EXCEPTION = BaseException, "PyExc_BaseException";
    BASE_EXCEPTION_GROUP = BaseExceptionGroup, "PyExc_BaseExceptionGroup";
    EXCEPTION = Exception, "PyExc_Exception";
    GENERATOR_EXIT = GeneratorExit, "PyExc_GeneratorExit";
    KEYBOARD_INTERRUPT = KeyboardInterrupt, "PyExc_KeyboardInterrupt";
    SYSTEM_EXIT = SystemExit, "PyExc_SystemExit";
    ARITHMETIC_ERROR = ArithmeticError, "PyExc_ArithmeticError";
    ASSERTION_ERROR = AssertionError, "PyExc_AssertionError";
    ATTRIBUTE_ERROR = AttributeError, "PyExc_AttributeError";
    BUFFER_ERROR = BufferError, "PyExc_BufferError";
    EOF_ERROR = EOFError, "PyExc_EOFError";
    IMPORT_ERROR = ImportError, "PyExc_ImportError";
    LOOKUP_ERROR = LookupError, "PyExc_LookupError";
    MEMORY_ERROR = MemoryError, "PyExc_MemoryError";
    NAME_ERROR = NameError, "PyExc_NameError";
    OS_ERROR = OSError, "PyExc_OSError";
    REFERENCE_ERROR = ReferenceError, "PyExc_ReferenceError";
    RUNTIME_ERROR = RuntimeError, "PyExc_RuntimeError";
    STOP_ASYNC_ITERATION = StopAsyncIteration, "PyExc_StopAsyncIteration";
    STOP_ITERATION = StopIteration, "PyExc_StopIteration";
    SYNTAX_ERROR = SyntaxError, "PyExc_SyntaxError";
    SYSTEM_ERROR = SystemError, "PyExc_SystemError";
    TYPE_ERROR = TypeError, "PyExc_TypeError";
    VALUE_ERROR = ValueError, "PyExc_ValueError";
    WARNING = Warning, "PyExc_Warning";
    FLOATING_POINT_ERROR = FloatingPointError, "PyExc_FloatingPointError";
    OVERFLOW_ERROR = OverflowError, "PyExc_OverflowError";
    ZERO_DIVISION_ERROR = ZeroDivisionError, "PyExc_ZeroDivisionError";
    BYTES_WARNING = BytesWarning, "PyExc_BytesWarning";
    DEPRECATION_WARNING = DeprecationWarning, "PyExc_DeprecationWarning";
    ENCODING_WARNING = EncodingWarning, "PyExc_EncodingWarning";
    FUTURE_WARNING = FutureWarning, "PyExc_FutureWarning";
    IMPORT_WARNING = ImportWarning, "PyExc_ImportWarning";
    PENDING_DEPRECATION_WARNING = PendingDeprecationWarning, "PyExc_PendingDeprecationWarning";
    RESOURCE_WARNING = ResourceWarning, "PyExc_ResourceWarning";
    RUNTIME_WARNING = RuntimeWarning, "PyExc_RuntimeWarning";
    SYNTAX_WARNING = SyntaxWarning, "PyExc_SyntaxWarning";
    UNICODE_WARNING = UnicodeWarning, "PyExc_UnicodeWarning";
    USER_WARNING = UserWarning, "PyExc_UserWarning";
    BLOCKING_IO_ERROR = BlockingIOError, "PyExc_BlockingIOError";
    CHILD_PROCESS_ERROR = ChildProcessError, "PyExc_ChildProcessError";
    CONNECTION_ERROR = ConnectionError, "PyExc_ConnectionError";
    FILE_EXISTS_ERROR = FileExistsError, "PyExc_FileExistsError";
    FILE_NOT_FOUND_ERROR = FileNotFoundError, "PyExc_FileNotFoundError";
    INTERRUPTED_ERROR = InterruptedError, "PyExc_InterruptedError";
    IS_A_DIRECTORY_ERROR = IsADirectoryError, "PyExc_IsADirectoryError";
    NOT_A_DIRECTORY_ERROR = NotADirectoryError, "PyExc_NotADirectoryError";
    PERMISSION_ERROR = PermissionError, "PyExc_PermissionError";
    PROCESS_LOOKUP_ERROR = ProcessLookupError, "PyExc_ProcessLookupError";
    TIMEOUT_ERROR = TimeoutError, "PyExc_TimeoutError";
    INDENTATION_ERROR = IndentationError, "PyExc_IndentationError";
    INCOMPLETE_INPUT_ERROR = IncompleteInputError, "PyExc_IncompleteInputError";
    INDEX_ERROR = IndexError, "PyExc_IndexError";
    KEY_ERROR = KeyError, "PyExc_KeyError";
    MODULE_NOT_FOUND_ERROR = ModuleNotFoundError, "PyExc_ModuleNotFoundError";
    NOT_IMPLEMENTED_ERROR = NotImplementedError, "PyExc_NotImplementedError";
    PYTHON_FINALIZATION_ERROR = PythonFinalizationError, "PyExc_PythonFinalizationError";
    RECURSION_ERROR = RecursionError, "PyExc_RecursionError";
    UNBOUND_LOCAL_ERROR = UnboundLocalError, "PyExc_UnboundLocalError";
    UNICODE_ERROR = UnicodeError, "PyExc_UnicodeError";
    BROKEN_PIPE_ERROR = BrokenPipeError, "PyExc_BrokenPipeError";
    CONNECTION_ABORTED_ERROR = ConnectionAbortedError, "PyExc_ConnectionAbortedError";
    CONNECTION_REFUSED_ERROR = ConnectionRefusedError, "PyExc_ConnectionRefusedError";
    CONNECTION_RESET_ERROR = ConnectionResetError, "PyExc_ConnectionResetError";
    TAB_ERROR = TabError, "PyExc_TabError";
    UNICODE_DECODE_ERROR = UnicodeDecodeError, "PyExc_UnicodeDecodeError";
    UNICODE_ENCODE_ERROR = UnicodeEncodeError, "PyExc_UnicodeEncodeError";
    UNICODE_TRANSLATE_ERROR = UnicodeTranslateError, "PyExc_UnicodeTranslateError";
}

/// The names that `OSError` took over from older versions.
#[unsafe(export_name = "PyExc_EnvironmentError")]
pub static ENVIRONMENT_ERROR: ExcType =
    // SAFETY: as above.
    unsafe { &*<OSError as StaticTypeOf>::TYPE.cast::<Type>() };
#[unsafe(export_name = "PyExc_IOError")]
pub static IO_ERROR: ExcType =
    // SAFETY: as above.
    unsafe { &*<OSError as StaticTypeOf>::TYPE.cast::<Type>() };

/// `concurrent.interpreters.InterpreterError`, which is no name of `builtins`.
#[unsafe(export_name = "PyExc_InterpreterError")]
pub static INTERPRETER_ERROR: ExcType =
    // SAFETY: as above.
    unsafe { &*<InterpreterError as StaticTypeOf>::TYPE.cast::<Type>() };
#[unsafe(export_name = "PyExc_InterpreterNotFoundError")]
pub static INTERPRETER_NOT_FOUND_ERROR: ExcType =
    // SAFETY: as above.
    unsafe { &*<InterpreterNotFoundError as StaticTypeOf>::TYPE.cast::<Type>() };
