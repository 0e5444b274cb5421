//! The key tables of dictionaries and the inline values of instances, as cached look-ups read them.

use krait_abi as abi;
use krait_objects::descr::MemberDescriptor;
use krait_objects::object::inline_values;
use krait_objects::prelude::*;

/// The key table of a `dict`.
///
/// # Safety
/// `ob` is a dict.
#[inline(always)]
pub unsafe fn of_dict(ob: *mut abi::PyObject) -> *mut abi::PyDictKeysObject {
    // SAFETY: the caller's promise.
    unsafe { (*ob.cast::<abi::PyDictObject>()).ma_keys }
}

/// The entries of a table with only strings as keys; they lie behind the indices.
///
/// # Safety
/// `keys` is such a table.
#[inline(always)]
pub unsafe fn str_entries(keys: *mut abi::PyDictKeysObject) -> *mut abi::PyDictUnicodeEntry {
    // SAFETY: the caller's promise.
    unsafe {
        keys.byte_add(size_of::<abi::PyDictKeysObject>())
            .byte_add(1usize << (*keys).dk_log2_index_bytes)
            .cast()
    }
}

/// The position of `name` in a table of strings, by identity: names are interned.
///
/// # Safety
/// `keys` is a live table, and `name` an interned string.
pub unsafe fn position(
    keys: *mut abi::PyDictKeysObject,
    name: *mut abi::PyObject,
) -> Option<usize> {
    // SAFETY: the caller's promise; only the first `dk_nentries` are in use.
    unsafe {
        if i32::from((*keys).dk_kind) == abi::DICT_KEYS_GENERAL {
            return None;
        }
        let entries = str_entries(keys);
        (0..(*keys).dk_nentries as usize).find(|&at| (*entries.add(at)).me_key == name)
    }
}

/// The attribute values that lie inside an instance, behind its fixed part.
///
/// # Safety
/// `ob`'s type has `Py_TPFLAGS_INLINE_VALUES`.
#[inline(always)]
pub unsafe fn inline_values(ob: *mut abi::PyObject) -> *mut abi::PyDictValues {
    // SAFETY: the caller's promise.
    unsafe { ob.byte_offset((*(*ob).ob_type).tp_basicsize).cast() }
}

/// # Safety
/// `values` has more than `index` of them.
#[inline(always)]
pub unsafe fn value_slot(values: *mut abi::PyDictValues, index: usize) -> *mut *mut abi::PyObject {
    // SAFETY: the caller's promise.
    unsafe { (&raw mut (*values).values).cast::<*mut abi::PyObject>().add(index) }
}

/// The dictionary of an instance with `Py_TPFLAGS_MANAGED_DICT`, if it has been made.
///
/// # Safety
/// `ob`'s type has that flag.
#[inline(always)]
pub unsafe fn managed_dict(ob: *mut abi::PyObject) -> *mut *mut abi::PyObject {
    // SAFETY: the word three before the object.
    unsafe { ob.cast::<*mut abi::PyObject>().sub(3) }
}

/// The place of the value at a remembered entry of a dictionary, if `name` is still its key.
///
/// # Safety
/// `dict` is a dict that does not share its keys' values with anyone.
#[inline(always)]
pub unsafe fn hinted(
    dict: *mut abi::PyObject,
    hint: usize,
    name: *mut abi::PyObject,
) -> Option<*mut *mut abi::PyObject> {
    // SAFETY: the caller's promise; the table's bounds are checked.
    unsafe {
        let table = of_dict(dict);
        if i32::from((*table).dk_kind) != abi::DICT_KEYS_UNICODE
            || hint >= (*table).dk_nentries as usize
        {
            return None;
        }
        let entry = str_entries(table).add(hint);
        ((*entry).me_key == name).then_some(&raw mut (*entry).me_value)
    }
}

/// Whether nobody watches the dictionary for changes.
///
/// # Safety
/// `dict` is a dict.
#[inline(always)]
pub unsafe fn is_unwatched(dict: *mut abi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let tag = (*dict.cast::<abi::PyDictObject>())._ma_watcher_tag;
        tag & abi::DICT_WATCHER_MASK as u64 == 0
    }
}

/// The version of a dictionary's keys, if it can have one.
pub fn version(th: &Thread, dict: Borrowed<'_, Dict>) -> Option<u32> {
    Some(dict.get().keys_version(th)).filter(|version| *version != 0)
}

/// The version of the key table that the instances of a class share.
///
/// # Safety
/// `keys` is the table of a live class.
pub unsafe fn shared_version(th: &Thread, keys: *mut abi::PyDictKeysObject) -> Option<u32> {
    // SAFETY: the caller's promise.
    let version = unsafe { th.interp().dicts.keys_version(keys) };
    Some(version).filter(|version| *version != 0)
}

/// Where instances of `ty` keep the object of a member, one of `__slots__` or of a type in C, if that is what `found`
/// describes; `writing` asks for one that may be set. Where nothing is kept yet, the general way knows what that means.
/// The descriptor of a class elsewhere, which `ty` merely holds, describes no place in them.
pub fn slot_offset(found: Borrowed<'_>, ty: Borrowed<'_, Type>, writing: bool) -> Option<isize> {
    let member = found.downcast_exact::<MemberDescriptor>()?;
    let def = member.get().def();
    let harmless = if writing { 0 } else { abi::Py_READONLY };
    let plain = matches!(def.r#type, abi::Py_T_OBJECT_EX | abi::_Py_T_OBJECT)
        && def.flags & !harmless == 0
        && ty.is_subtype(&member.get().owner_type());
    plain.then_some(def.offset)
}

/// Whether instances of the type have their attribute values inside.
pub fn has_inline_values(ty: &Type) -> bool {
    ty.has_flag(abi::Py_TPFLAGS_INLINE_VALUES) && inline_values::inline_values_size(ty) != 0
}
