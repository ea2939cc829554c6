//! The paper between the knife and the head, as dots, with what a reader would read on it.
//!
//! Grows at the head and is cut at the knife, which sits some way behind: what is cut off begins with the blank stretch that
//! the cut before left there, as on real paper. Knows no commands, no time and no sensors.

/// Something readable and the row at which it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    Line(String),
    Code(String),
}

pub(super) struct Paper {
    width: usize,
    to_knife: usize,
    rows: Vec<Vec<bool>>,
    marks: Vec<(usize, Mark)>,
}

/// What fell into the tray.
pub(super) struct CutOff {
    pub(super) rows: Vec<Vec<bool>>,
    pub(super) marks: Vec<Mark>,
}

impl Paper {
    pub(super) fn new(width: usize, to_knife: usize) -> Self {
        Paper { width, to_knife, rows: vec![vec![false; width]; to_knife], marks: Vec::new() }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn to_knife(&self) -> usize {
        self.to_knife
    }

    /// Moves on by one row with these dots; the row may be shorter than the paper.
    pub(super) fn advance(&mut self, row: &[bool]) {
        let mut whole = vec![false; self.width];
        let count = row.len().min(self.width);
        whole[..count].copy_from_slice(&row[..count]);
        self.rows.push(whole);
    }

    /// Notes that something readable is complete up to here.
    pub(super) fn mark(&mut self, mark: Mark) {
        self.marks.push((self.rows.len(), mark));
    }

    /// Cuts at the knife.
    pub(super) fn cut(&mut self) -> CutOff {
        let at = self.rows.len().saturating_sub(self.to_knife);
        let rest = self.rows.split_off(at);
        let rows = std::mem::replace(&mut self.rows, rest);
        let (fallen, kept): (Vec<_>, Vec<_>) = self.marks.drain(..).partition(|(row, _)| *row <= at);
        self.marks = kept.into_iter().map(|(row, mark)| (row - at, mark)).collect();
        CutOff { rows, marks: fallen.into_iter().map(|(_, mark)| mark).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_knife_cuts_behind_the_head() {
        let mut paper = Paper::new(8, 3);
        paper.advance(&[true; 8]);
        paper.mark(Mark::Line("one".to_owned()));
        for _ in 0..3 {
            paper.advance(&[]);
        }
        paper.mark(Mark::Line("too late".to_owned()));
        let slip = paper.cut();
        assert_eq!(slip.rows.len(), 4, "three blank rows from before and the printed one");
        assert_eq!(slip.rows[3], vec![true; 8]);
        assert_eq!(slip.marks, [Mark::Line("one".to_owned())]);
        let next = paper.cut();
        assert_eq!(next.rows.len(), 0);
        assert_eq!(next.marks, []);
        for _ in 0..3 {
            paper.advance(&[]);
        }
        assert_eq!(paper.cut().marks, [Mark::Line("too late".to_owned())]);
    }
}
