//! `_types`: the types of the interpreter's objects that have no name in `builtins`.
//!
//! The same job as CPython's `Modules/_typesmodule.c`.

use krait_eval::code::Code;
use krait_eval::frame::FrameObject;
use krait_eval::function::Function;
use krait_eval::generator::{AsyncGenerator, Coroutine, Generator};
use krait_eval::traceback::Traceback;
use krait_objects::capsule::Capsule;
use krait_objects::cell::Cell;
use krait_objects::cfunction::CFunction;
use krait_objects::descr::{
    ClassMethodDescriptor, GetSetDescriptor, MappingProxy, MemberDescriptor, MethodDescriptor,
    MethodWrapper, WrapperDescriptor,
};
use krait_objects::generic_alias::GenericAlias;
use krait_objects::method::Method;
use krait_objects::namespace::Namespace;
use krait_objects::object::singletons::{EllipsisType, NoneType, NotImplementedType};
use krait_objects::prelude::*;
use krait_objects::union::Union;

/// The interpreter's own types, which the module types gives out under its names.
#[pymodule(name = "_types")]
pub struct Types;

#[pyfunctions]
impl Types {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let types = [
            ("AsyncGeneratorType", AsyncGenerator::type_object()),
            ("BuiltinFunctionType", CFunction::type_object()),
            ("BuiltinMethodType", CFunction::type_object()),
            ("CapsuleType", Capsule::type_object()),
            ("CellType", Cell::type_object()),
            ("ClassMethodDescriptorType", ClassMethodDescriptor::type_object()),
            ("CodeType", Code::type_object()),
            ("CoroutineType", Coroutine::type_object()),
            ("EllipsisType", EllipsisType::type_object()),
            ("FrameType", FrameObject::type_object()),
            ("FunctionType", Function::type_object()),
            ("GeneratorType", Generator::type_object()),
            ("GenericAlias", GenericAlias::type_object()),
            ("GetSetDescriptorType", GetSetDescriptor::type_object()),
            ("LambdaType", Function::type_object()),
            ("MappingProxyType", MappingProxy::type_object()),
            ("MemberDescriptorType", MemberDescriptor::type_object()),
            ("MethodDescriptorType", MethodDescriptor::type_object()),
            ("MethodType", Method::type_object()),
            ("MethodWrapperType", MethodWrapper::type_object()),
            ("ModuleType", Module::type_object()),
            ("NoneType", NoneType::type_object()),
            ("NotImplementedType", NotImplementedType::type_object()),
            ("SimpleNamespace", Namespace::type_object()),
            ("TracebackType", Traceback::type_object()),
            ("UnionType", Union::type_object()),
            ("WrapperDescriptorType", WrapperDescriptor::type_object()),
        ];
        for (name, ty) in types {
            let ty = Borrowed::from_ref(ty);
            ty.ready(th)?;
            module.add(th, name, ty.object())?;
        }
        Ok(())
    }
}
