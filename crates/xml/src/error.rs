//! What can be wrong with a document: expat's codes and words.

use std::ffi::CStr;

macro_rules! codes {
    ($($name:ident = $code:literal, $constant:literal, $message:literal;)*) => {
        /// Why parsing failed.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum Code { $($name = $code),* }

        /// Code, name of the constant and message of each error.
        pub static MESSAGES: &[(u8, &str, &str)] = &[$(($code, $constant, $message)),*];

        /// The message for a code, as C takes it.
        pub fn message_for_c(code: i64) -> Option<&'static CStr> {
            let text = match code {
                $($code => concat!($message, "\0"),)*
                _ => return None,
            };
            CStr::from_bytes_with_nul(text.as_bytes()).ok()
        }
    };
}

codes! {
    NoMemory = 1, "NO_MEMORY", "out of memory";
    Syntax = 2, "SYNTAX", "syntax error";
    NoElements = 3, "NO_ELEMENTS", "no element found";
    InvalidToken = 4, "INVALID_TOKEN", "not well-formed (invalid token)";
    UnclosedToken = 5, "UNCLOSED_TOKEN", "unclosed token";
    PartialChar = 6, "PARTIAL_CHAR", "partial character";
    TagMismatch = 7, "TAG_MISMATCH", "mismatched tag";
    DuplicateAttribute = 8, "DUPLICATE_ATTRIBUTE", "duplicate attribute";
    JunkAfterElement = 9, "JUNK_AFTER_DOC_ELEMENT", "junk after document element";
    ParamEntityRef = 10, "PARAM_ENTITY_REF", "illegal parameter entity reference";
    UndefinedEntity = 11, "UNDEFINED_ENTITY", "undefined entity";
    RecursiveEntity = 12, "RECURSIVE_ENTITY_REF", "recursive entity reference";
    AsyncEntity = 13, "ASYNC_ENTITY", "asynchronous entity";
    BadCharRef = 14, "BAD_CHAR_REF", "reference to invalid character number";
    BinaryEntity = 15, "BINARY_ENTITY_REF", "reference to binary entity";
    ExternalInAttribute = 16, "ATTRIBUTE_EXTERNAL_ENTITY_REF", "reference to external entity in attribute";
    MisplacedXmlDecl = 17, "MISPLACED_XML_PI", "XML or text declaration not at start of entity";
    UnknownEncoding = 18, "UNKNOWN_ENCODING", "unknown encoding";
    IncorrectEncoding = 19, "INCORRECT_ENCODING", "encoding specified in XML declaration is incorrect";
    UnclosedCdata = 20, "UNCLOSED_CDATA_SECTION", "unclosed CDATA section";
    ExternalHandling = 21, "EXTERNAL_ENTITY_HANDLING", "error in processing external entity reference";
    NotStandalone = 22, "NOT_STANDALONE", "document is not standalone";
    UnexpectedState = 23, "UNEXPECTED_STATE", "unexpected parser state - please send a bug report";
    DeclaredInPe = 24, "ENTITY_DECLARED_IN_PE", "entity declared in parameter entity";
    RequiresDtd = 25, "FEATURE_REQUIRES_XML_DTD", "requested feature requires XML_DTD support in Expat";
    CannotChange = 26, "CANT_CHANGE_FEATURE_ONCE_PARSING", "cannot change setting once parsing has begun";
    UnboundPrefix = 27, "UNBOUND_PREFIX", "unbound prefix";
    UndeclaringPrefix = 28, "UNDECLARING_PREFIX", "must not undeclare prefix";
    IncompletePe = 29, "INCOMPLETE_PE", "incomplete markup in parameter entity";
    XmlDecl = 30, "XML_DECL", "XML declaration not well-formed";
    TextDecl = 31, "TEXT_DECL", "text declaration not well-formed";
    PublicId = 32, "PUBLICID", "illegal character(s) in public id";
    Suspended = 33, "SUSPENDED", "parser suspended";
    NotSuspended = 34, "NOT_SUSPENDED", "parser not suspended";
    Aborted = 35, "ABORTED", "parsing aborted";
    Finished = 36, "FINISHED", "parsing finished";
    SuspendPe = 37, "SUSPEND_PE", "cannot suspend in external parameter entity";
    ReservedXml = 38, "RESERVED_PREFIX_XML", "reserved prefix (xml) must not be undeclared or bound to another namespace name";
    ReservedXmlns = 39, "RESERVED_PREFIX_XMLNS", "reserved prefix (xmlns) must not be declared or undeclared";
    ReservedUri = 40, "RESERVED_NAMESPACE_URI", "prefix must not be bound to one of the reserved namespace names";
    InvalidArgument = 41, "INVALID_ARGUMENT", "invalid argument";
    NoBuffer = 42, "NO_BUFFER", "a successful prior call to function XML_GetBuffer is required";
    Amplification = 43, "AMPLIFICATION_LIMIT_BREACH", "limit on input amplification factor (from DTD and entities) breached";
    NotStarted = 44, "NOT_STARTED", "parser not started";
}

impl Code {
    pub fn message(self) -> &'static str {
        message(self as i64).unwrap_or_default()
    }
}

/// The words for an error's number.
pub fn message(code: i64) -> Option<&'static str> {
    let index = usize::try_from(code).ok()?.checked_sub(1)?;
    MESSAGES.get(index).map(|&(_, _, message)| message)
}
