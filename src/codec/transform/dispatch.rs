//! Static dispatch over the lane transforms: `lane_transforms!` makes their enum from a list. A call matches once a lane,
//! never once a field.

macro_rules! lane_transforms {
    ($($(#[$meta:meta])* $name:ident($transform:ty)),+ $(,)?) => {
        /// The kinds of lane transforms.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub(crate) enum TransformKind {
            $($(#[$meta])* $name),+
        }

        impl TransformKind {
            /// All kinds, in the order in which an encoder tries them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The kind of a transform, once width, exponent and reserved bytes are as the spec has them.
            ///
            /// # Errors
            /// `Corrupt`.
            pub fn new(t: &LaneTransform) -> Result<Self> {
                let known = Self::ALL.iter().find(|kind| kind.number() == t.kind);
                let kind = *known
                    .ok_or_else(|| Error::corrupt(format!("a lane has the unknown transform {}", t.kind)))?;
                let fits = t.width <= 64 && t.exponent <= MAX_EXPONENT && t.zero == 0 && kind.is_valid(t);
                if fits { Ok(kind) } else { Err(Error::corrupt("a lane's transform is out of range")) }
            }

            /// The number in lane transforms.
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$name => <$transform as Transform>::NUMBER),+
                }
            }

            /// The feature that readers know.
            pub fn feature(self) -> Option<Feature> {
                match self {
                    $(Self::$name => <$transform as Transform>::FEATURE),+
                }
            }

            /// The part of the coding that writers may do without.
            pub fn part(self) -> Option<Part> {
                match self {
                    $(Self::$name => <$transform as Transform>::PART),+
                }
            }

            /// The meaning of the word.
            pub fn word(self) -> Word {
                match self {
                    $(Self::$name => <$transform as Transform>::WORD),+
                }
            }

            /// True if values that the transform does not hold may be exceptions.
            pub fn has_exceptions(self) -> bool {
                match self {
                    $(Self::$name => <$transform as Transform>::HAS_EXCEPTIONS),+
                }
            }

            /// The error of a field whose value the transform cannot have.
            pub fn outside(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => <$transform as Transform>::OUTSIDE),+
                }
            }

            fn is_valid(self, t: &LaneTransform) -> bool {
                match self {
                    $(Self::$name => <$transform as Transform>::is_valid(t)),+
                }
            }

            /// True if a lane in this role can have the transform with this word.
            pub fn takes(self, node: &Node, role: Role, word: u32) -> bool {
                match self {
                    $(Self::$name => <$transform as Transform>::takes(node, role, word)),+
                }
            }

            /// The largest product of field and step whose value is within the type; none if no value is.
            pub fn room(self, node: &Node, role: Role, minimum: u64) -> Option<u64> {
                match self {
                    $(Self::$name => <$transform as Transform>::room(node, role, minimum)),+
                }
            }

            /// A lane of fewer bits than `best`, if the transform gives one.
            pub fn improve(self, column: &RawColumn, best: &EncodedLane) -> Option<EncodedLane> {
                match self {
                    $(Self::$name => <$transform as Transform>::improve(column, best)),+
                }
            }

            /// Writes the values of a lane of numbers.
            ///
            /// # Errors
            /// `Corrupt` for fields without a value.
            pub fn store(self, node: &Node, lane: &StoredLane, out: &mut Values, target: Target) -> Result<()> {
                match self {
                    $(Self::$name => store::<$transform>(node, lane, out, target)),+
                }
            }
        }
    };
}
