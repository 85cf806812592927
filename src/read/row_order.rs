//! Stored rows in an order in which each block is gone through once.

/// Rows grouped by block, each with its place in the order given. Segments have so many rows each, or 0 if they differ.
pub(crate) fn by_block(stored: &[u64], segment_rows: u64, segments: u64) -> (Vec<u64>, Vec<u32>) {
    let per = segment_rows;
    let mut places: Vec<u32> = (0..stored.len() as u32).collect();
    let row = |place: u32| stored[place as usize];
    if per > 0 && segments <= 4 * stored.len() as u64 + 1024 {
        // Few enough blocks to count into; within a block any order is as good.
        let mut starts = vec![0u32; segments as usize + 1];
        let block = |r: u64| (r / per) as usize;
        for &r in stored {
            starts[block(r) + 1] += 1;
        }
        let mut sum = 0;
        starts.iter_mut().for_each(|s| {
            sum += *s;
            *s = sum;
        });
        let mut sorted = vec![0; stored.len()];
        for (i, &r) in stored.iter().enumerate() {
            let start = &mut starts[block(r)];
            let at = *start as usize;
            *start += 1;
            sorted[at] = r;
            places[at] = i as u32;
        }
        return (sorted, places);
    }
    places.sort_unstable_by_key(|&p| (row(p), p));
    (places.iter().map(|&p| row(p)).collect(), places)
}
