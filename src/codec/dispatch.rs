//! Static dispatch over the record kinds: `record_kinds!` makes an enum of their heads, one of the records of tables, and
//! one of rows being decoded, from a single list. A call matches once a block or a chunk, never once a row.

macro_rules! record_kinds {
    (
        tables { $($memory:ident: $table:ident($records:ty)),+ $(,)? }
        images { $($image:ident($head:ty)),* $(,)? }
    ) => {
        /// The head of records, by their kind.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum RecordKind {
            $($table(<$records as TableRecords>::Head),)+
            $($image($head),)*
        }

        impl RecordKind {
            /// The features of all kinds.
            pub fn all_features() -> Vec<Feature> {
                let all: &[&[Feature]] = &[
                    $(<<$records as TableRecords>::Head as RecordHead>::FEATURES,)+
                    $(<$head as RecordHead>::FEATURES,)*
                ];
                all.concat()
            }

            /// The parser of the heads of a kind, if there is one of this number.
            pub fn parser(number: u8) -> Option<fn(&BlockEntry) -> Result<Option<Self>>> {
                $(if number == <<$records as TableRecords>::Head as RecordHead>::NUMBER {
                    return Some(|entry| Ok(RecordHead::parse(entry)?.map(Self::$table)));
                })+
                $(if number == <$head as RecordHead>::NUMBER {
                    return Some(|entry| Ok(RecordHead::parse(entry)?.map(Self::$image)));
                })*
                None
            }

            /// The streams of bits and their uses.
            pub fn streams(&self) -> Vec<(PieceKind, Stream)> {
                match self {
                    $(Self::$table(head) => RecordHead::streams(head),)+
                    $(Self::$image(head) => RecordHead::streams(head),)*
                }
            }

            /// The stream of the records.
            pub fn records(&self) -> Stream {
                match self {
                    $(Self::$table(head) => RecordHead::records(head),)+
                    $(Self::$image(head) => RecordHead::records(head),)*
                }
            }

            /// Sizes of the records in other layouts; rows have so many lanes.
            pub fn usage(&self, lanes: u32) -> RecordUsage {
                match self {
                    $(Self::$table(head) => RecordHead::usage(head, lanes),)+
                    $(Self::$image(head) => RecordHead::usage(head, lanes),)*
                }
            }

            /// The features that a reader of this block needs.
            pub fn features(&self) -> Vec<Feature> {
                match self {
                    $(Self::$table(head) => head.features(),)+
                    $(Self::$image(head) => head.features(),)*
                }
            }

            /// Bits of all streams but the layout; tiles keep their bases there.
            pub fn bits_without_layout(&self) -> u128 {
                match self {
                    $(Self::$table(head) => head.bits_without_layout(),)+
                    $(Self::$image(head) => head.bits_without_layout(),)*
                }
            }

            /// True if the block has a transform for each lane.
            pub fn has_transforms(&self) -> bool {
                match self {
                    $(Self::$table(_) => <<$records as TableRecords>::Head as RecordHead>::HAS_TRANSFORMS,)+
                    $(Self::$image(_) => <$head as RecordHead>::HAS_TRANSFORMS,)*
                }
            }

            /// True if the transforms of a block may be packed with its layout.
            pub fn packs(&self) -> bool {
                match self {
                    $(Self::$table(_) => <<$records as TableRecords>::Head as RecordHead>::PACKS,)+
                    $(Self::$image(_) => <$head as RecordHead>::PACKS,)*
                }
            }

            /// Bytes of all streams.
            pub fn bytes(&self) -> u64 {
                self.streams().iter().fold(0, |sum: u64, (_, stream)| sum.saturating_add(stream.piece.length))
            }
        }

        /// Encodes the lanes of a segment: by the first kind that takes them, or by one that is weighed against it and costs
        /// less.
        ///
        /// # Errors
        /// `Internal` if no kind does.
        #[allow(unused_assignments, reason = "no kind comes after the last")]
        pub(crate) fn encode(lanes: Lanes, tau: usize) -> Result<EncodedBlock> {
            let (mut is_first, mut wanted) = (true, Vec::new());
            $({
                let is_weighed = <$records as TableRecords>::PRICE.is_some();
                let takes = (is_weighed || is_first) && <$records as TableRecords>::takes(&lanes);
                is_first &= is_weighed || !takes;
                wanted.push(takes);
            })+
            let (mut left, mut wanted) = (wanted.iter().filter(|takes| **takes).count(), wanted.into_iter());
            let (mut lanes, mut best) = (Some(lanes), None::<(u64, EncodedBlock)>);
            $(if wanted.next() == Some(true) {
                left -= 1;
                if let Some(own) = if left == 0 { lanes.take() } else { lanes.clone() } {
                    if let Some(block) = <$records as TableRecords>::encode(own, tau) {
                        let price = block.record_bytes() * <$records as TableRecords>::PRICE.unwrap_or(100);
                        if best.as_ref().is_none_or(|(least, _)| price < *least) {
                            best = Some((price, block));
                        }
                    }
                }
            })+
            let best = best.map(|(_, block)| block);
            best.ok_or_else(|| Error::new(ErrorKind::Internal, "no record kind takes the lanes of a segment"))
        }

        /// The records of a table, by their kind.
        pub(crate) enum Records {
            $($table(Box<$records>)),+
        }

        impl Records {
            /// Reads the records of a block, and its lanes; none for a kind that is of images alone.
            ///
            /// # Errors
            /// `Corrupt`.
            pub fn read<S: ByteSource>(
                context: Context<S>,
                kind: RecordKind,
                transforms: &[LaneTransform],
                limits: &[u64],
                layout: Option<Vec<u8>>,
            ) -> Result<Option<(Self, Vec<Lane>)>> {
                match kind {
                    $(RecordKind::$table(head) => {
                        let (records, lanes) = <$records as TableRecords>::read(context, head, transforms, limits, layout)?;
                        Ok(Some((Self::$table(Box::new(records)), lanes)))
                    })+
                    $(RecordKind::$image(_) => Ok(None),)*
                }
            }

            /// True if all rows are alike.
            pub fn is_constant(&self) -> bool {
                match self {
                    $(Self::$table(records) => TableRecords::is_constant(&**records)),+
                }
            }

            /// True if rows may have different fields in a lane.
            pub fn varies(&self, lanes: &[Lane], number: usize) -> bool {
                match self {
                    $(Self::$table(records) => TableRecords::varies(&**records, lanes, number)),+
                }
            }

            /// Checks what decoding the rows does not.
            ///
            /// # Errors
            /// `Corrupt`.
            pub fn check<S: ByteSource>(&self, pages: &Pages<S>) -> Result<()> {
                match self {
                    $(Self::$table(records) => TableRecords::check(&**records, pages)),+
                }
            }

            /// Asks for the memory of a row in mapped bytes of the file, before it is needed.
            pub fn prefetch(&self, bytes: &[u8], row: u64) {
                match self {
                    $(Self::$table(records) => TableRecords::prefetch(&**records, bytes, row)),+
                }
            }

            /// Bits of each lane.
            ///
            /// # Errors
            /// `Corrupt` or `Io`.
            pub fn parts<S: ByteSource>(&self, pages: &Pages<S>, lanes: &[Lane]) -> Result<RecordParts> {
                match self {
                    $(Self::$table(records) => TableRecords::parts(&**records, pages, lanes)),+
                }
            }
        }

        /// Memory that decoding uses again from chunk to chunk, whatever kinds of records the blocks have.
        #[derive(Default)]
        pub(crate) struct RecordFields<'p> {
            $($memory: <$records as TableRecords>::Fields<'p>),+
        }

        impl<'p> RecordFields<'p> {
            /// Gets ready for reading so many rows, of which these lanes are `wanted`. Returns the rows to decode at a
            /// time.
            ///
            /// # Errors
            /// `Corrupt`, `Io` or `Memory`.
            pub fn start<S: ByteSource>(
                &mut self,
                records: &Records,
                pages: &'p Pages<S>,
                lanes: &[Lane],
                wanted: impl Iterator<Item = usize>,
                rows: usize,
            ) -> Result<usize> {
                match records {
                    $(Records::$table(records) => {
                        records.start(&mut self.$memory, pages, lanes, wanted, rows)?;
                        Ok(<$records as TableRecords>::CHUNK)
                    }),+
                }
            }

            /// Finds some rows.
            ///
            /// # Errors
            /// `Corrupt`, `Io` or `Memory`.
            pub fn rows<'c, S: ByteSource>(
                &'c mut self,
                records: &'c Records,
                pages: &'p Pages<S>,
                rows: RowSelection,
            ) -> Result<RecordRows<'c>> {
                match records {
                    $(Records::$table(records) => {
                        Ok(RecordRows::$table(TableRecords::rows(&**records, &mut self.$memory, pages, rows)?))
                    }),+
                }
            }
        }

        /// Some rows of a block, by the kind of their records.
        pub(crate) enum RecordRows<'c> {
            $($table(<$records as TableRecords>::Rows<'c>)),+
        }

        impl RecordRows<'_> {
            /// Decodes a lane into `out`, a field a row.
            ///
            /// # Errors
            /// `Memory`.
            pub fn lane(&mut self, number: usize, lane: &Lane, out: &mut Vec<u64>) -> Result<()> {
                match self {
                    $(Self::$table(rows) => LaneFields::lane(rows, number, lane, out)),+
                }
            }
        }
    };
}
