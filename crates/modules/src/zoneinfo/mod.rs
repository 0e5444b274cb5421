//! `_zoneinfo`: time zones of the system's database.
//!
//! `data` finds what applies at a time, `rule` knows what comes after the last transition, `cache` keeps zones. Files are found
//! and read by `zoneinfo`'s Python. The same job as CPython's `Modules/_zoneinfo.c`.

mod cache;
mod data;
mod rule;

use std::cell::Cell;

use krait_objects::args::{Given, ToObject};
use krait_objects::prelude::*;
use krait_objects::str::StrBuilder;

use crate::datetime::clock::EPOCH;
use crate::datetime::datetime::DateTime;
use crate::datetime::datetime_arithmetic;
use crate::datetime::timedelta::Delta;
use crate::datetime::tzinfo::{TzInfo, own_datetime};
use crate::getargs::{Arguments, Format, given, given_tuple};

use cache::{kept, state};
use data::{Data, Info};

/// Where a zone came from. A new object's memory is zero.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Source {
    NoCache = 0,
    Cache = 1,
    File = 2,
}

// Without a docstring, as in the reference.
#[pytype(name = "zoneinfo.ZoneInfo", base = TzInfo, flags(BASETYPE, HAVE_GC), weaklist = weakrefs)]
#[repr(C)]
pub struct ZoneInfo {
    base: TzInfo,
    #[visit]
    #[member(readonly, kind = "OBJECT_EX")]
    key: Slot,
    /// `repr` of the file it was read from, if that is its source.
    #[visit]
    file_repr: Slot,
    weakrefs: Slot,
    source: Cell<Source>,
    /// There from the end of construction on. It holds only durations and names: nothing to visit.
    data: Cell<Option<Box<Data>>>,
}

static FORMAT: Format = Format::new(Some("ZoneInfo"), &["key"], 1);

impl ZoneInfo {
    fn data(&self, th: &Thread) -> PyResult<&Data> {
        // SAFETY: written once, before anybody else knows the object, and only read since.
        let data = unsafe { (*self.data.as_ptr()).as_deref() };
        data.ok_or_else(|| th.bad_internal_call())
    }

    fn key(&self) -> Option<Borrowed<'_>> {
        self.key.get().filter(|key| !key.is_none())
    }

    /// What applies at the time of an argument of `utcoffset` and its like; nothing if that cannot be told.
    fn find(&self, th: &Thread, dt: Borrowed<'_>) -> PyResult<Option<&Info>> {
        let data = self.data(th)?;
        if dt.is_none() {
            return Ok(data.always());
        }
        let (seconds, year, fold) = match dt.downcast_exact::<DateTime>() {
            Some(dt) => (dt.seconds() - EPOCH, dt.date().year, dt.fold()),
            None => asked(th, dt)?,
        };
        Ok(data.at_local(seconds, year, fold as usize))
    }
}

/// Local seconds since 1970, year and fold of an object that is like a `datetime`.
fn asked(th: &Thread, dt: Borrowed<'_>) -> PyResult<(i64, i32, i32)> {
    let int = |value: Owned| -> PyResult<i64> {
        number::index(th, value.object())?.to_i64().ok_or_else(|| {
            th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long")
        })
    };
    let name = Str::interned(th, "toordinal")?;
    let days = int(call::call_method(th, dt, name.borrow(), &[])?)?;
    let mut fields = [0; 5];
    for (field, name) in fields.iter_mut().zip(["hour", "minute", "second", "year", "fold"]) {
        *field = int(object::get_attr(th, dt, Str::interned(th, name)?.borrow())?)?;
    }
    let [hour, minute, second, year, fold] = fields;
    let days = days.saturating_mul(86_400).saturating_sub(EPOCH);
    let seconds =
        days.saturating_add(hour.saturating_mul(3600).saturating_add(minute * 60 + second));
    Ok((seconds, year.clamp(1, 9999) as i32, i32::from(fold != 0)))
}

/// A new instance with the transitions in a file.
fn read(
    th: &Thread,
    cls: Borrowed<'_, Type>,
    key: Borrowed<'_>,
    file: Borrowed<'_>,
) -> PyResult<Owned<ZoneInfo>> {
    let zone: Owned<ZoneInfo> = cls.alloc(th, 0)?;
    let load = kept(th, &state(th).load_data)?;
    let lists = call::call(th, load.object(), &[file])?;
    zone.data.set(Some(Box::new(Data::new(th, lists.object())?)));
    zone.key.set(Some(key.to_owned()));
    Ok(zone)
}

/// A new instance of the zone that a key names.
fn load(th: &Thread, cls: Borrowed<'_, Type>, key: Borrowed<'_>) -> PyResult<Owned<ZoneInfo>> {
    let find = kept(th, &state(th).find_tzfile)?;
    let path = call::call(th, find.object(), &[key])?;
    let file = if path.is_none() {
        call::call(th, kept(th, &state(th).load_tzdata)?.object(), &[key])?
    } else {
        let open = kept(th, &state(th).open)?;
        call::call(th, open.object(), &[path.object(), Str::new(th, "rb")?.object()])?
    };
    let zone = read(th, cls, key, file.object());
    // The file is closed either way; the first error counts.
    let pending = match &zone {
        Ok(_) => None,
        Err(_) => th.take_exception(),
    };
    let close = Str::interned(th, "close")?;
    let closed = call::call_method(th, file.object(), close.borrow(), &[]);
    if let Some(exception) = pending {
        if closed.is_err() {
            drop(th.take_exception());
        }
        return Err(th.raise_exception(exception));
    }
    closed?;
    zone
}

/// `ZoneInfo(key)`: the zone that is there already, or a new one.
fn cached(th: &Thread, cls: Borrowed<'_, Type>, key: Borrowed<'_>) -> PyResult {
    let base = cache::is_base(cls);
    if base {
        if let Some(zone) = cache::strong(th, key)? {
            return Ok(zone);
        }
    }
    let weak = cache::weak(th, cls)?;
    let mut zone = call::call_method(th, weak.object(), id::get, &[key, none()])?;
    if zone.is_none() {
        let new = load(th, cls, key)?;
        new.source.set(Source::Cache);
        zone = call::call_method(th, weak.object(), id::setdefault, &[key, new.object()])?;
    }
    if !zone.ty().is_subtype(&cls) {
        let shown = object::repr(th, key)?;
        return Err(raise!(
            th,
            RUNTIME_ERROR,
            "Unexpected instance of {} in {} weak cache for key {}",
            zone.type_name(),
            cls.tp_name(),
            *shown
        ));
    }
    if base {
        cache::keep(th, key, zone.object());
    }
    Ok(zone)
}

fn construct(th: &Thread, cls: Borrowed<'_, Type>, given: Given<'_>) -> PyResult {
    let mut arguments = Arguments::new(th, &FORMAT, given)?;
    let key = arguments.required(th)?;
    arguments.finish(th)?;
    cached(th, cls, key)
}

#[pymethods]
impl ZoneInfo {
    #[slot(tp_new)]
    fn new_slot(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        construct(th, cls, given_tuple(args, kwargs))
    }

    #[slot(tp_vectorcall)]
    fn vectorcall(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult {
        // SAFETY: the callable of a type's vectorcall is the type.
        construct(th, unsafe { this.cast::<Type>() }, given(args))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let mut text = StrBuilder::new();
        text.push_str(this.object().get().type_name());
        match this.key() {
            Some(key) => {
                text.push_str("(key=");
                text.push(&*object::repr(th, key)?);
            }
            None => {
                text.push_str(".from_file(");
                if let Some(file) = this.file_repr.get() {
                    text.push(&*object::str(th, file)?);
                }
            }
        }
        text.push_str(")");
        text.finish(th)
    }

    #[slot(tp_str)]
    fn str(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        match this.key() {
            Some(key) => object::str(th, key),
            None => object::repr(th, this.object()),
        }
    }

    /// Clear the ZoneInfo cache.
    #[classmethod(sig = "(type, /, *, only_keys=None)")]
    fn clear_cache(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        only_keys: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let (weak, base) = (cache::weak(th, cls)?, cache::is_base(cls));
        let Some(keys) = only_keys else {
            let clear = Str::interned(th, "clear")?;
            call::call_method(th, weak.object(), clear.borrow(), &[])?;
            if base {
                cache::clear(th);
            }
            return Ok(());
        };
        iter::for_each(th, keys, &mut |key| {
            if base {
                cache::eject(th, key.object())?;
            }
            call::call_method(th, weak.object(), id::pop, &[key.object(), none()]).map(drop)
        })
    }

    /// Get a new instance of ZoneInfo, bypassing the cache.
    #[classmethod(sig = "(type, /, key)")]
    fn no_cache(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        key: Borrowed<'_>,
    ) -> PyResult<Owned<ZoneInfo>> {
        let zone = load(th, cls, key)?;
        zone.source.set(Source::NoCache);
        Ok(zone)
    }

    /// Create a ZoneInfo from a file object.
    #[classmethod(sig = "(type, file_obj, /, key=None)")]
    fn from_file(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        file_obj: Borrowed<'_>,
        key: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<ZoneInfo>> {
        let shown = object::repr(th, file_obj)?;
        let zone = read(th, cls, key.unwrap_or(none()), file_obj)?;
        zone.source.set(Source::File);
        zone.file_repr.set(Some(shown.into_object()));
        Ok(zone)
    }

    /// Return the difference to UTC that applies in the zone at the given datetime.
    #[method(sig = "(self, dt, /)")]
    fn utcoffset(&self, th: &Thread, dt: Borrowed<'_>) -> PyResult<Option<Owned<Delta>>> {
        Ok(self.find(th, dt)?.map(|info| info.offset.clone()))
    }

    /// Return by how much clocks are put forward in the zone at the given datetime.
    #[method(sig = "(self, dt, /)")]
    fn dst(&self, th: &Thread, dt: Borrowed<'_>) -> PyResult<Option<Owned<Delta>>> {
        Ok(self.find(th, dt)?.map(|info| info.dst.clone()))
    }

    /// Return the short name that applies in the zone at the given datetime.
    #[method(sig = "(self, dt, /)")]
    fn tzname(&self, th: &Thread, dt: Borrowed<'_>) -> PyResult<Option<Owned>> {
        Ok(self.find(th, dt)?.map(|info| info.name.clone()))
    }

    /// Given a datetime in UTC, return it in the zone's local time.
    #[method(sig = "(self, object, /)")]
    fn fromutc(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        let utc = own_datetime(th, this.object(), object)?;
        let data = this.data(th)?;
        let Some((info, fold)) = data.at_utc(utc.seconds() - EPOCH, utc.date().year) else {
            return Err(th.bad_internal_call());
        };
        let local = datetime_arithmetic::add(th, utc, &info.offset, 1)?;
        if !fold {
            return Ok(local);
        }
        if let Some(exact) = local.object().downcast_exact::<DateTime>() {
            exact.set_fold(1);
            return Ok(local);
        }
        let names = Tuple::pack(th, [Str::interned(th, "fold")?.into_object()])?;
        let one = Int::from_i64(th, 1)?;
        let replace = object::get_attr(th, local.object(), Str::interned(th, "replace")?.borrow())?;
        let args = Args {
            values: &[one.object()],
            positional: 0,
            kwnames: Some(names.borrow()),
            offset: false,
        };
        call::vectorcall(th, replace.object(), args)
    }

    /// Return what pickle needs to find the zone again.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        if this.source.get() == Source::File {
            let pickle = krait_eval::import::import(th, "pickle")?;
            let name = Str::interned(th, "PicklingError")?;
            let class = object::get_attr(th, pickle.object(), name.borrow())?;
            let message = Str::new(th, "Cannot pickle a ZoneInfo file from a file stream.")?;
            let Some(class) = class.object().downcast::<Type>() else {
                return Err(th.raise(exc::TYPE_ERROR, "pickle.PicklingError is not a class"));
            };
            return Err(th.raise_in(class, Some(message.object())));
        }
        let name = Str::interned(th, "_unpickle")?;
        let unpickle = object::get_attr(th, this.object(), name.borrow())?;
        let from_cache = i64::from(this.source.get() == Source::Cache);
        let key = this.key.get().unwrap_or(none()).to_owned();
        (unpickle, (key, from_cache)).to_object(th)
    }

    /// What `__reduce__` names to find the zone again.
    #[classmethod(sig = "(type, key, from_cache, /)")]
    fn _unpickle(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        key: Borrowed<'_>,
        from_cache: bool,
    ) -> PyResult {
        if from_cache { cached(th, cls, key) } else { load(th, cls, key).map(Owned::into_object) }
    }

    /// Give a subclass a cache of its own.
    #[classmethod(sig = "(type, /, *args, **kwargs)", no_text)]
    fn __init_subclass__(cls: Borrowed<'_, Type>, th: &Thread, _args: Args<'_>) -> PyResult<()> {
        let weak = cache::new_weak(th)?;
        let name = Str::interned(th, "_weak_cache")?;
        object::set_attr(th, cls.object(), name.borrow(), weak.object())
    }
}

/// C implementation of the zoneinfo module
#[pymodule(name = "_zoneinfo")]
pub struct ZoneInfoModule;

#[pyfunctions]
impl ZoneInfoModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        // First: importing what follows imports `zoneinfo`, which wants it.
        module.add_type(th, ZoneInfo::type_object())?;
        krait_eval::import::import(th, "_datetime")?;
        let state = state(th);
        for (slot, module, name) in [
            (&state.find_tzfile, "zoneinfo._tzpath", "find_tzfile"),
            (&state.load_tzdata, "zoneinfo._common", "load_tzdata"),
            (&state.load_data, "zoneinfo._common", "load_data"),
            (&state.open, "io", "open"),
        ] {
            let module = krait_eval::import::import(th, module)?;
            let name = Str::interned(th, name)?;
            slot.set(Some(object::get_attr(th, module.object(), name.borrow())?));
        }
        state.weak.set(Some(cache::new_weak(th)?));
        cache::clear(th);
        Ok(())
    }
}
