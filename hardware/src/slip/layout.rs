//! Wrapping text to columns. Works on characters that are already decided (byte, box), so that a line is as long as it
//! will be on paper. Knows no commands.

use super::encoding::{Printed, printed};

/// One cell of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// A byte of the code page.
    Byte(u8),
    /// A character that the page lacks, shown as a box.
    Box,
}

/// Splits text into lines of at most `columns` cells, at spaces where there are some, inside a word that is longer than a
/// whole line. A no-break space never splits. Spaces at a line's ends are left out; an empty text gives one empty line.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<Vec<Cell>> {
    let columns = columns.max(1);
    let mut lines: Vec<Vec<Cell>> = vec![Vec::new()];
    for word in text.split(' ').map(cells).filter(|word| !word.is_empty()) {
        let mut word = word.as_slice();
        let room = |line: &Vec<Cell>| columns - line.len();
        let mut last = lines.len() - 1;
        let space = usize::from(!lines[last].is_empty());
        if space == 1 && room(&lines[last]) < word.len() + 1 {
            lines.push(Vec::new());
            last += 1;
        } else if space == 1 {
            lines[last].push(Cell::Byte(b' '));
        }
        while word.len() > room(&lines[last]) {
            let (head, tail) = word.split_at(room(&lines[last]));
            lines[last].extend_from_slice(head);
            word = tail;
            lines.push(Vec::new());
            last += 1;
        }
        lines[last].extend_from_slice(word);
    }
    lines
}

/// The cells of text in one line, unwrapped.
pub(super) fn cells(text: &str) -> Vec<Cell> {
    text.chars()
        .filter_map(|character| match printed(character) {
            Printed::Byte(byte) => Some(Cell::Byte(byte)),
            Printed::Box => Some(Cell::Box),
            Printed::Invisible => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, columns: usize) -> Vec<String> {
        wrap(text, columns)
            .iter()
            .map(|line| {
                line.iter()
                    .map(|cell| match cell {
                        Cell::Byte(byte) => char::from(*byte),
                        Cell::Box => '□',
                    })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn words_move_to_the_next_line_whole() {
        assert_eq!(shown("Veuillez patienter ici", 10), ["Veuillez", "patienter", "ici"]);
        assert_eq!(shown("un deux trois", 7), ["un deux", "trois"]);
        assert_eq!(shown("exact", 5), ["exact"]);
        assert_eq!(shown("", 5), [""]);
        assert_eq!(shown("  a   b  ", 5), ["a b"]);
    }

    #[test]
    fn a_word_longer_than_the_paper_is_split_and_loses_nothing() {
        assert_eq!(shown("ab abcdefghij k", 4), ["ab", "abcd", "efgh", "ij k"]);
        assert_eq!(shown("中中中", 2), ["□□", "□"]);
    }

    #[test]
    fn a_no_break_space_holds_its_words_together() {
        assert_eq!(shown("vers 12\u{A0}h", 7), ["vers", "12\u{A0}h"]);
    }
}
