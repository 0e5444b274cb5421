//! The table of functions that `pyexpat` offers to other modules (`pyexpat.h`). The types of
//! the Expat library are plain pointers here.

use std::ffi::{CStr, c_char, c_int, c_uchar, c_ulong, c_ulonglong, c_void};

c_struct! {
    /// What the capsule `pyexpat.expat_CAPI` points to.
    pub struct PyExpat_CAPI[224] {
        0 => magic: *mut c_char,
        8 => size: c_int,
        12 => MAJOR_VERSION: c_int,
        16 => MINOR_VERSION: c_int,
        20 => MICRO_VERSION: c_int,
        24 => ErrorString: Option<unsafe extern "C" fn(c_int) -> *const c_char>,
        32 => GetErrorCode: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
        40 => GetErrorColumnNumber: Option<unsafe extern "C" fn(*mut c_void) -> c_ulong>,
        48 => GetErrorLineNumber: Option<unsafe extern "C" fn(*mut c_void) -> c_ulong>,
        56 => Parse: Option<
            unsafe extern "C" fn(*mut c_void, *const c_char, c_int, c_int) -> c_int,
        >,
        64 => ParserCreate_MM: Option<
            unsafe extern "C" fn(*const c_char, *const c_void, *const c_char) -> *mut c_void,
        >,
        72 => ParserFree: Option<unsafe extern "C" fn(*mut c_void)>,
        80 => SetCharacterDataHandler: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
        88 => SetCommentHandler: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
        96 => SetDefaultHandlerExpand: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
        104 => SetElementHandler: Option<
            unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void),
        >,
        112 => SetNamespaceDeclHandler: Option<
            unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void),
        >,
        120 => SetProcessingInstructionHandler: Option<
            unsafe extern "C" fn(*mut c_void, *mut c_void),
        >,
        128 => SetUnknownEncodingHandler: Option<
            unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void),
        >,
        136 => SetUserData: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
        144 => SetStartDoctypeDeclHandler: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
        152 => SetEncoding: Option<unsafe extern "C" fn(*mut c_void, *const c_char) -> c_int>,
        160 => DefaultUnknownEncodingHandler: Option<
            unsafe extern "C" fn(*mut c_void, *const c_char, *mut c_void) -> c_int,
        >,
        168 => SetHashSalt: Option<unsafe extern "C" fn(*mut c_void, c_ulong) -> c_int>,
        176 => SetReparseDeferralEnabled: Option<
            unsafe extern "C" fn(*mut c_void, c_uchar) -> c_uchar,
        >,
        184 => SetAllocTrackerActivationThreshold: Option<
            unsafe extern "C" fn(*mut c_void, c_ulonglong) -> c_uchar,
        >,
        192 => SetAllocTrackerMaximumAmplification: Option<
            unsafe extern "C" fn(*mut c_void, f32) -> c_uchar,
        >,
        200 => SetBillionLaughsAttackProtectionActivationThreshold: Option<
            unsafe extern "C" fn(*mut c_void, c_ulonglong) -> c_uchar,
        >,
        208 => SetBillionLaughsAttackProtectionMaximumAmplification: Option<
            unsafe extern "C" fn(*mut c_void, f32) -> c_uchar,
        >,
        216 => SetHashSalt16Bytes: Option<unsafe extern "C" fn(*mut c_void, *const u8) -> c_uchar>,
    }
}

// Constants of `pyexpat.h`.
pub const PyExpat_CAPI_MAGIC: &CStr = c"pyexpat.expat_CAPI 1.1";
pub const PyExpat_CAPSULE_NAME: &CStr = c"pyexpat.expat_CAPI";
