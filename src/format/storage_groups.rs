//! The columns of a schema in other storage groups.

use std::collections::HashMap;

use crate::format::schema::{Kind, Schema, StorageGroup};

impl Schema {
    /// The same columns in other storage groups: those with the same label, one a column, share a group. Images have
    /// groups of their own, whatever their labels.
    pub(crate) fn with_groups(mut self, labels: &[usize]) -> Self {
        let mut groups = vec![StorageGroup::default()];
        let mut numbers: HashMap<usize, u32> = HashMap::new();
        let (mut columns, mut group) = (0, 0);
        for (number, node) in (0..).zip(&mut self.nodes) {
            if node.parent.is_none() {
                let label = labels[columns];
                columns += 1;
                let next = groups.len() as u32;
                group = if node.kind == Kind::Image {
                    next
                } else if numbers.is_empty() {
                    *numbers.entry(label).or_insert(0)
                } else {
                    *numbers.entry(label).or_insert(next)
                };
                if group == next {
                    groups.push(StorageGroup {
                        has_images: node.kind == Kind::Image,
                        ..StorageGroup::default()
                    });
                }
            }
            let own = &mut groups[group as usize];
            (node.group, node.first_lane) = (group, own.lanes);
            own.lanes += node.validity_lanes() + node.value_lanes();
            own.nodes.push(number);
        }
        self.groups = groups;
        self
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::format::image_shape::ImageShape;
    use crate::format::schema::{Kind, Schema};
    use crate::format::schema_builder::SchemaBuilder;

    fn schema() -> Schema {
        let mut builder = SchemaBuilder::default();
        builder.push_image("picture", ImageShape::new(1, 2, 2, false).unwrap()).unwrap();
        builder.push(None, "a", Kind::Unsigned, true, 8, 0).unwrap();
        let parent = builder.push(None, "b", Kind::Struct, true, 0, 0).unwrap();
        builder.push(Some(parent), "text", Kind::Text, false, 0, 0).unwrap();
        builder.push(None, "c", Kind::Float, false, 64, 0).unwrap();
        builder.finish()
    }

    #[test]
    fn groups_are_numbered_by_their_first_columns_and_images_have_their_own() {
        let places = |labels: &[usize]| -> Vec<(u32, u32)> {
            schema().with_groups(labels).nodes().iter().map(|n| (n.group, n.first_lane)).collect()
        };
        assert_eq!(places(&[0; 4]), [(1, 0), (0, 0), (0, 2), (0, 3), (0, 5)]);
        assert_eq!(places(&[7, 9, 2, 9]), [(1, 0), (0, 0), (2, 0), (2, 1), (0, 2)]);
        assert_eq!(places(&[0, 1, 2, 3]), [(1, 0), (0, 0), (2, 0), (2, 1), (3, 0)]);
    }

    #[test]
    fn grouped_schemas_are_read_as_they_were_written() {
        for labels in [[0; 4], [7, 9, 2, 9], [0, 1, 2, 3]] {
            let schema = schema().with_groups(&labels);
            assert_eq!(Schema::from_bytes(&schema.to_bytes(), |_, _| None).unwrap(), schema);
        }
        assert_eq!(schema().with_groups(&[0; 4]), schema());
    }
}
