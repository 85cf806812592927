//! Parquet schemas with other annotations of some leaves.

use parquet::basic::{ConvertedType, LogicalType};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};
use std::sync::Arc;

/// The schema with every leaf replaced for which `replace`, given its number, has another type.
pub(crate) fn with_leaves(
    schema: &SchemaDescriptor,
    mut replace: impl FnMut(usize, &Type) -> Result<Option<Type>>,
) -> Result<SchemaDescriptor> {
    let root = schema.root_schema_ptr();
    let changed = rebuilt(&root, &mut 0, &mut replace)?;
    Ok(SchemaDescriptor::new(changed.unwrap_or(root)))
}

/// A type with its leaves replaced; none if nothing changes.
fn rebuilt(
    whole: &TypePtr,
    next: &mut usize,
    replace: &mut impl FnMut(usize, &Type) -> Result<Option<Type>>,
) -> Result<Option<TypePtr>> {
    let Type::GroupType { basic_info: info, fields } = whole.as_ref() else {
        *next += 1;
        return Ok(replace(*next - 1, whole)?.map(Arc::new));
    };
    let parts = fields.iter().map(|field| rebuilt(field, next, replace)).collect::<Result<Vec<_>>>()?;
    if parts.iter().all(Option::is_none) {
        return Ok(None);
    }
    let fields = fields.iter().zip(parts).map(|(old, new)| new.unwrap_or_else(|| old.clone())).collect();
    let mut builder = Type::group_type_builder(info.name())
        .with_fields(fields)
        .with_converted_type(info.converted_type())
        .with_logical_type(info.logical_type_ref().cloned())
        .with_id(info.has_id().then(|| info.id()));
    if info.has_repetition() {
        builder = builder.with_repetition(info.repetition());
    }
    Ok(Some(Arc::new(builder.build()?)))
}

/// The same leaf with other annotations.
pub(crate) fn annotated(leaf: &Type, converted: ConvertedType, logical: Option<LogicalType>) -> Result<Type> {
    let Type::PrimitiveType { basic_info: info, physical_type, type_length, .. } = leaf else {
        return Err(ParquetError::General(format!("{} is no leaf", leaf.name())));
    };
    Type::primitive_type_builder(info.name(), *physical_type)
        .with_length(*type_length)
        .with_repetition(info.repetition())
        .with_id(info.has_id().then(|| info.id()))
        .with_converted_type(converted)
        .with_logical_type(logical)
        .build()
}
