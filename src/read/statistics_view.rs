//! The table of statistics of an open file.

use crate::read::table::TableView;
use crate::summary::statistics::layout::StatisticsLayout;

/// The table of statistics.
pub(crate) struct Statistics {
    pub layout: StatisticsLayout,
    pub view: TableView,
}
